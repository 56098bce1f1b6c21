// WATCH: EXEC runs nothing if anything at a watched key has changed in this region.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::watch_test {

using namespace std::chrono_literals;
using test::eventually;
using test::figure;
using test::knows;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

const std::string kNothing = "*-1\r\n";
const std::string kPong = "*1\r\n+PONG\r\n";

std::string exec(RespClient& client) {
  client.ask({"MULTI"});
  client.ask({"PING"});
  return client.ask({"EXEC"});
}

// The reply of EXEC, if another client sends a request between WATCH and MULTI.
std::string exec_after(RunningServer& server, const Words& watched, const Words& request) {
  RespClient client = server.client();
  RespClient other = server.client();
  client.ask(watched);
  other.ask(request);
  return exec(client);
}

}  // namespace

TEST_SUITE("server: watch") {
  TEST_CASE("a change of any kind by another client undoes the transaction") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MSET", "s", "v", "n", "5"});
    client.ask({"SADD", "set", "a"});
    client.ask({"HSET", "hash", "f", "v"});
    CHECK(exec_after(server, {"WATCH", "s"}, {"SET", "s", "v"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "n"}, {"INCR", "n"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "set"}, {"SADD", "set", "b"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "set"}, {"SREM", "set", "b"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "hash"}, {"HSET", "hash", "g", "v"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "hash"}, {"HINCRBY", "hash", "n", "1"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "s"}, {"EXPIRE", "s", "100"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "a", "s"}, {"RENAME", "s", "t"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "t"}, {"DEL", "t"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "n"}, {"FLUSHALL"}) == kNothing);
  }

  TEST_CASE("what changes elsewhere does not") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MSET", "s", "v", "s1", "v"});
    CHECK(exec_after(server, {"WATCH", "s"}, {"SET", "s1", "w"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "s"}, {"GET", "s"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "none"}, {"DEL", "none"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "none"}, {"FLUSHALL"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "s"}, {"ECHO", "s"}) == kPong);
  }

  TEST_CASE("a member that is added to a set which has it changes nothing") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SADD", "set", "a", "b"});
    client.ask({"SADD", "one", "a"});
    CHECK(exec_after(server, {"WATCH", "set"}, {"SADD", "set", "a"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "set"}, {"SADD", "set", "b", "a", "b"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "set"}, {"SMOVE", "set", "set", "a"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "set", "one"}, {"SMOVE", "set", "one", "c"}) == kPong);
    CHECK(exec_after(server, {"WATCH", "set"}, {"SADD", "set", "a", "c"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "none"}, {"SADD", "none", "a"}) == kNothing);
    RespClient watching = server.client();
    watching.ask({"WATCH", "never"});
    client.ask({"SADD", "never", "a"});
    client.ask({"SREM", "never", "a"});
    CHECK(exec(watching) == kNothing);
    // The destination has it, so the source changes alone.
    CHECK(exec_after(server, {"WATCH", "one"}, {"SMOVE", "set", "one", "a"}) == kPong);
    client.ask({"SADD", "set", "a"});
    CHECK(exec_after(server, {"WATCH", "set"}, {"SMOVE", "set", "one", "a"}) == kNothing);
    CHECK(exec_after(server, {"WATCH", "one"}, {"SMOVE", "set", "one", "b"}) == kNothing);
  }

  TEST_CASE("a set with as many members as before has changed if they are others") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    client.ask({"SADD", "set", "a", "b"});
    client.ask({"WATCH", "set"});
    other.ask({"SREM", "set", "a"});
    other.ask({"SADD", "set", "c"});
    CHECK(exec(client) == kNothing);
    client.ask({"WATCH", "set"});
    other.ask({"SREM", "set", "c"});
    other.ask({"SADD", "set", "c"});
    CHECK(exec(client) == kNothing);
    client.ask({"WATCH", "set"});
    other.ask({"SET", "set", "v"});
    CHECK(exec(client) == kNothing);
    client.ask({"DEL", "set"});
    client.ask({"SADD", "set", "a"});
    client.ask({"PEXPIRE", "set", "300"});
    client.ask({"WATCH", "set"});
    REQUIRE(eventually([&] { return other.ask({"EXISTS", "set"}) == ":0\r\n"; }));
    other.ask({"SADD", "set", "a"});
    CHECK(exec(client) == kNothing);
  }

  TEST_CASE("a write in the same packet, before its commit, counts") {
    RunningServer server;
    RespClient client = server.client();
    using test::request;
    client.send(request({"SET", "k", "1"}) + request({"WATCH", "k"}) + request({"SET", "k", "2"}) +
                request({"MULTI"}) + request({"PING"}) + request({"EXEC"}));
    for (int i = 0; i < 5; ++i) client.receive();
    CHECK(client.receive() == kNothing);
    client.send(request({"SET", "k", "1"}) + request({"WATCH", "k"}) + request({"MULTI"}) +
                request({"PING"}) + request({"EXEC"}));
    for (int i = 0; i < 4; ++i) client.receive();
    CHECK(client.receive() == kPong);
  }

  TEST_CASE("a key that has expired has changed, and one that had expired before has not") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v", "PX", "500"});
    client.ask({"WATCH", "k"});
    REQUIRE(eventually([&] { return client.ask({"EXISTS", "k"}) == ":0\r\n"; }));
    CHECK(exec(client) == kNothing);
    client.ask({"WATCH", "k"});
    CHECK(exec(client) == kPong);
  }

  TEST_CASE("a removal of many keys counts from its beginning") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    Words sets{"MSET"};
    Words removal{"DEL"};
    for (int i = 0; i < 5000; ++i) {
      const std::string key = "k" + std::to_string(i);
      sets.insert(sets.end(), {key, "v"});
      removal.push_back(key);
    }
    client.ask(sets);
    client.ask({"WATCH", "k4999"});
    other.send(test::request(removal));
    CHECK(other.receive() == ":5000\r\n");
    CHECK(exec(client) == kNothing);
  }

  TEST_CASE("who waits for the end of removals does not wait for those that come later") {
    constexpr int kEach = 60;
    RunningServer server;
    RespClient client = server.client();
    Words removal{"DEL"};
    for (int i = 0; i < 5000; ++i) removal.push_back("none" + std::to_string(i));
    std::string many;
    for (int i = 0; i < kEach; ++i) many += test::request(removal);
    std::vector<RespClient> others;
    for (int i = 0; i < 3; ++i) others.push_back(server.client());
    std::vector<std::thread> senders;
    senders.reserve(others.size());
    for (RespClient& each : others) senders.emplace_back([&] { each.send(many); });
    const auto removed = [&] { return figure(client, "total_commands_processed"); };
    REQUIRE(eventually([&] { return removed() > 10; }));
    for (int i = 0; i < 3; ++i) CHECK(client.ask({"WATCH", "k"}) == "+OK\r\n");
    const std::string counted = test::bulk(client.ask({"INFO", "commandstats"}));
    const std::string del = "cmdstat_del:calls=";
    REQUIRE(counted.find(del) != std::string::npos);
    CHECK(std::stoi(counted.substr(counted.find(del) + del.size())) < 3 * kEach);
    for (std::thread& each : senders) each.join();
    for (RespClient& each : others) {
      for (int i = 0; i < kEach; ++i) CHECK(each.receive() == ":0\r\n");
    }
  }

  TEST_CASE("a client watches so many keys, and no more until it forgets them") {
    RunningServer server;
    RespClient client = server.client();
    Words words{"WATCH"};
    for (int i = 0; i < 10'000; ++i) words.push_back("k" + std::to_string(i));
    CHECK(client.ask(words) == "+OK\r\n");
    CHECK(client.ask({"WATCH", "more"}).starts_with("-ERR a client watches 10000 keys at most"));
    CHECK(server.client().ask({"WATCH", "more"}) == "+OK\r\n");
    CHECK(client.ask({"UNWATCH"}) == "+OK\r\n");
    CHECK(client.ask({"WATCH", "more"}) == "+OK\r\n");
  }

  TEST_CASE("a watch ends with EXEC, DISCARD, UNWATCH, RESET and the connection") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    client.ask({"SET", "k", "v"});
    for (const Words& end : {Words{"UNWATCH"}, Words{"RESET"}}) {
      client.ask({"WATCH", "k"});
      CHECK(figure(other, "watched_keys") == 1);
      client.ask(end);
      CHECK(figure(other, "watched_keys") == 0);
      CHECK(figure(other, "watched_bytes") == 0);
    }
    client.ask({"WATCH", "k", "l", "k"});
    CHECK(figure(other, "watched_keys") == 2);
    client.ask({"MULTI"});
    client.ask({"DISCARD"});
    CHECK(figure(other, "watching_clients") == 0);
    client.ask({"WATCH", "k"});
    CHECK(exec(client) == kPong);
    CHECK(figure(other, "watching_clients") == 0);
    client.ask({"WATCH", "k"});
    client.ask({"QUIT"});
    REQUIRE(eventually([&] { return figure(other, "watching_clients") == 0; }));
  }

  TEST_CASE("a policy that decides what a key shows is a change") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MSET", "bids/1", "5", "other", "5"});
    const Words policy{"ANABRANCH", "POLICY", "SET", "max", "bids/"};
    CHECK(exec_after(server, {"WATCH", "other"}, policy) == kPong);
    client.ask({"ANABRANCH", "POLICY", "REMOVE", "bids/"});
    CHECK(exec_after(server, {"WATCH", "bids/1"}, policy) == kNothing);
  }

  TEST_CASE("keys of several clients are told apart") {
    RunningServer server;
    RespClient one = server.client();
    RespClient two = server.client();
    RespClient writer = server.client();
    one.ask({"WATCH", "a", "b"});
    two.ask({"WATCH", "b", "c"});
    writer.ask({"SET", "a", "1"});
    CHECK(exec(two) == kPong);
    CHECK(exec(one) == kNothing);
    two.ask({"WATCH", "a"});
    two.ask({"SELECT", "1"});
    two.ask({"SET", "a", "2"});
    CHECK(exec(two) == kPong);
  }

  TEST_CASE("a change by another region undoes the transaction") {
    test::TempDir folder;
    Store us = Store::open(test::listening(folder, "us"));
    Options options;
    options.peers = {us.status().endpoint};
    RunningServer eu(options);
    RespClient client = eu.client();
    RespClient other = eu.client();
    REQUIRE(eventually([&] { return knows(us, "eu"); }));
    client.ask({"SET", "k", "v"});
    client.ask({"WATCH", "k"});
    Counter{us, "elsewhere"}.add(1);
    REQUIRE(eventually([&] { return other.ask({"GET", "elsewhere"}) == "$1\r\n1\r\n"; }));
    CHECK(exec(client) == kPong);
    client.ask({"WATCH", "k"});
    Register<std::string>{us, "k"}.put("theirs");
    REQUIRE(eventually([&] { return other.ask({"GET", "k"}) == "$6\r\ntheirs\r\n"; }));
    CHECK(exec(client) == kNothing);
    client.ask({"SADD", "set", "a"});
    REQUIRE(eventually([&] { return Set<std::string>(us, "set").contains("a"); }));
    client.ask({"WATCH", "set"});
    Set<std::string>{us, "set"}.insert("a");
    Register<std::string>{us, "k"}.put("more");
    REQUIRE(eventually([&] { return other.ask({"GET", "k"}) == "$4\r\nmore\r\n"; }));
    CHECK(exec(client) == kPong);
  }
}

}  // namespace anabranch::watch_test
