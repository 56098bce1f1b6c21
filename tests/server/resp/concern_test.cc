// Concerns: the answer of a write waits until as many members have it as its connection demands;
// nobody else waits, the write stands whatever comes, and a latch spares those that come later.

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/server/concern_world.h"
#include "tests/server/held_disk.h"
#include "tests/server/running_server.h"

namespace anabranch::concern_test {

using namespace std::chrono_literals;
using test::bulk;
using test::eventually;
using test::figure;
using test::HeldDisk;
using test::kLacking;
using test::kOk;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::set_words;
using test::Words;
using World = test::ConcernWorld;

TEST_SUITE("server: concerns") {
  TEST_CASE("the answer of a write waits for a member, and no read does") {
    World world;
    world.cut();
    world.client.send(request({"GET", "first"}) + request({"SET", "k", "1"}) +
                      request({"INCR", "k"}) + request({"GET", "k"}));
    CHECK(world.client.receive() == "$1\r\nv\r\n");
    REQUIRE(world.waiting(1));
    CHECK(world.other.ask({"GET", "k"}) == "$1\r\n1\r\n");
    CHECK(world.other.ask({"SET", "l", "1"}) == kOk);
    world.heal();
    CHECK(world.client.receive() == kOk);
    CHECK(world.client.receive() == ":2\r\n");
    CHECK(world.client.receive() == "$1\r\n2\r\n");
    CHECK(world.waiting(0));
    CHECK(Counter{*world.us, "k"}.get() == 2);
    CHECK(world.last() ==
          nlohmann::json{{"outcome", "met"}, {"have", {"us-1"}}, {"lack", Words{}}});
  }

  TEST_CASE("a concern that is not met in time is an error, and the write stands") {
    World world;
    world.cut();
    CHECK(world.demand({"MEMBER", "us-1", "WITHIN", "20"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "v"}) == kLacking);
    CHECK(world.client.ask({"GET", "k"}) == "$1\r\nv\r\n");
    CHECK(world.last() ==
          nlohmann::json{{"outcome", "missed"}, {"have", Words{}}, {"lack", {"us-1"}}});
    CHECK(world.demand({"COUNT", "2", "WITHIN", "0"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "w"}) == kLacking);
    CHECK(figure(world.other, "concerns_missed") == 2);
    world.heal();
    CHECK(eventually([&] { return world.last()["have"] == Words{"eu-1", "us-1"}; }));
    CHECK(world.last()["outcome"] == "missed");
    CHECK(Register<std::string>{*world.us, "k"}.get() == "w");
  }

  TEST_CASE("each condition is met, and missed, as it says") {
    World world;
    const std::vector<Words> conditions{{"COUNT", "2"},
                                        {"ALL"},
                                        {"MAJORITY"},
                                        {"ZONE"},
                                        {"REGION", "us"},
                                        {"MEMBER", "us-1"},
                                        {"MEMBER", "eu-1", "REGION", "us"}};
    for (const char* level : {"APPLIED", "DURABLE"}) {
      for (const Words& condition : conditions) {
        CAPTURE(level);
        CAPTURE(condition.front());
        Words words{level};
        words.insert(words.end(), condition.begin(), condition.end());
        CHECK(world.client.ask(set_words(words)) == kOk);
        CHECK(world.client.ask({"INCR", "n"}).starts_with(":"));
        CHECK(world.last()["outcome"] == "met");
        words.insert(words.end(), {"WITHIN", "0"});
        CHECK(world.client.ask(set_words(words)) == kOk);
        world.cut();
        const std::string refused = world.client.ask({"INCR", "n"});
        CHECK(refused.starts_with("-CONCERN it is written here; lacking: us"));
        world.heal();
      }
    }
    CHECK(world.client.ask(set_words({"DURABLE", "COUNT", "1", "WITHIN", "0"})) == kOk);
    world.cut();
    CHECK(world.client.ask({"INCR", "n"}).starts_with(":"));
    CHECK(world.client.ask(set_words({"DURABLE", "REGION", "eu", "WITHIN", "0"})) == kOk);
    CHECK(world.client.ask({"INCR", "n"}).starts_with(":"));
  }

  TEST_CASE("a follower counts as a member, and a dead one holds nobody") {
    World world;
    Options options = test::store_options(world.folder, "eu");
    options.follower = true;
    options.peers = {world.eu.peer_endpoint(), world.us->status().endpoint};
    options.node_name = "eu-2";
    std::optional<Store> follower(std::in_place, Store::open(options));
    REQUIRE(eventually([&] { return world.demand({"MEMBER", "eu-2"}) == kOk; }));
    CHECK(world.demand({"COUNT", "3", "WITHIN", "60000"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "v"}) == kOk);
    CHECK(world.last()["have"] == Words{"eu-1", "eu-2", "us-1"});
    follower.reset();
    CHECK(world.demand({"COUNT", "3", "WITHIN", "10"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "w"})
              .starts_with("-CONCERN it is written here; lacking: eu-2"));
    CHECK(eventually([&] { return world.last()["lack"] == Words{"eu-2"}; }));
    CHECK(world.demand({"COUNT", "2", "WITHIN", "60000"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "w"}) == kOk);
    // Its card is no longer fresh.
    CHECK(world.demand({"ALL", "WITHIN", "60000"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "x"}) == kOk);
  }

  TEST_CASE("terms that the members cannot meet, and words without sense, are refused") {
    World world;
    CHECK(world.demand({"COUNT", "3"}) ==
          "-ERR COUNT 3 is above the number of members, 2: there are eu-1, us-1\r\n");
    CHECK(world.demand({"REGION", "xx"}) == "-ERR there is no region 'xx': there are eu, us\r\n");
    CHECK(world.demand({"MEMBER", "eu-9"}) ==
          "-ERR there is no member 'eu-9': there are eu-1, us-1\r\n");
    CHECK(world.demand({"COUNT", "0"}) == "-ERR COUNT takes a number from 1 to 1000000\r\n");
    CHECK(world.demand({"COUNT"}) == "-ERR syntax error\r\n");
    CHECK(world.demand({"COUNT", "x"}).starts_with("-ERR COUNT takes a number"));
    CHECK(world.demand({"WITHIN", "5"}).starts_with("-ERR name at least one of COUNT"));
    CHECK(world.demand({"ALL", "WITHIN", "-1"}).starts_with("-ERR WITHIN takes a number"));
    CHECK(world.demand({"ALL", "WITHIN", "1", "DEGRADE", "1"}) == "-ERR syntax error\r\n");
    CHECK(world.client.ask(set_words({"SOON", "ALL"})) ==
          "-ERR a concern begins with LOCAL, APPLIED or DURABLE\r\n");
    Words many{"DURABLE"};
    for (int i = 0; i < 65; ++i) many.insert(many.end(), {"MEMBER", "m" + std::to_string(i)});
    CHECK(world.client.ask(set_words(many)).starts_with("-ERR a concern names at most 64"));
    // The one from before stays.
    CHECK(world.in_force() ==
          nlohmann::json{{"concern", "DURABLE MEMBER us-1 WITHIN 60000"}, {"from", "connection"}});
  }

  TEST_CASE("a member without a zone, or with nobody elsewhere, cannot wait for another zone") {
    RunningServer alone;
    RespClient client = alone.client();
    CHECK(client.ask(set_words({"DURABLE", "ZONE"})) ==
          "-ERR this member has no zone (setting zone)\r\n");
    Options options;
    options.zone = "a";
    options.node_name = "eu-1";
    RunningServer zoned(options);
    RespClient other = zoned.client();
    CHECK(other.ask(set_words({"DURABLE", "ZONE"})) ==
          "-ERR no member is in another zone than 'a': there are eu-1\r\n");
    CHECK(other.ask(set_words({"DURABLE", "MAJORITY", "ALL", "COUNT", "1"})) == kOk);
    CHECK(other.ask({"SET", "k", "v"}) == kOk);
  }

  TEST_CASE("there is no concern behind OFF, RESET, on a new connection or within MULTI") {
    World world;
    world.cut();
    CHECK(world.client.ask({"MULTI"}) == kOk);
    CHECK(world.client.ask(set_words({"DURABLE", "ALL"})) ==
          "-ERR Command not allowed inside a transaction\r\n");
    CHECK(world.client.ask({"EXEC"}).starts_with("-EXECABORT"));
    CHECK(world.client.ask({"ANABRANCH", "CONCERN", "OFF"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "v"}) == kOk);
    CHECK(world.last() == nlohmann::json{{"outcome", "none"}});
    CHECK(world.demand({"MEMBER", "us-1"}) == kOk);
    CHECK(world.client.ask({"RESET"}) == "+RESET\r\n");
    CHECK(world.client.ask({"SET", "k", "v"}) == kOk);
    CHECK(world.in_force() == nlohmann::json{{"concern", nullptr}, {"from", "nobody"}});
    RespClient fresh = world.eu.client();
    CHECK(fresh.ask({"SET", "k", "v"}) == kOk);
  }

  TEST_CASE("an EXEC is held if it has a command that writes, and an error is not held") {
    World world;
    world.cut();
    const auto exec = [&](const Words& words) {
      world.client.ask({"MULTI"});
      world.client.ask(words);
      return request({"EXEC"});
    };
    world.client.send(exec({"GET", "first"}));
    CHECK(world.client.receive() == "*1\r\n$1\r\nv\r\n");
    CHECK(world.client.ask({"SADD", "first", "a"}).starts_with("-WRONGTYPE"));
    world.client.send(exec({"SET", "k", "v"}) + request({"PING"}));
    REQUIRE(world.waiting(1));
    CHECK(world.other.ask({"GET", "k"}) == "$1\r\nv\r\n");
    world.heal();
    CHECK(world.client.receive() == "*1\r\n+OK\r\n");
    CHECK(world.client.receive() == "+PONG\r\n");
  }

  TEST_CASE("large removals, and large transactions, are held as others are") {
    World world;
    Words removal{"DEL", "first"};
    for (int i = 0; i < 2000; ++i) removal.push_back("k" + std::to_string(i));
    world.cut();
    world.hold(removal);
    CHECK(world.other.ask({"EXISTS", "first"}) == ":0\r\n");
    world.heal();
    CHECK(world.client.receive() == ":1\r\n");
    CHECK(world.last()["outcome"] == "met");

    world.cut();
    world.client.ask({"MULTI"});
    for (int i = 0; i < 20'000; ++i) world.client.send(request({"SET", "m", std::to_string(i)}));
    for (int i = 0; i < 20'000; ++i) world.client.receive();
    world.hold({"EXEC"});
    world.heal();
    CHECK(world.client.receive().starts_with("*20000\r\n"));
    CHECK(world.last()["outcome"] == "met");
    CHECK(world.demand({"MEMBER", "us-1", "WITHIN", "10"}) == kOk);
    world.cut();
    removal[1] = "m";
    CHECK(world.client.ask(removal) == kLacking);
  }

  TEST_CASE("nothing is held of a client that wants no answers") {
    World world;
    world.cut();
    world.client.send(request({"CLIENT", "REPLY", "SKIP"}) + request({"SET", "k", "v"}));
    CHECK(world.client.ask({"GET", "k"}) == "$1\r\nv\r\n");
    world.client.send(request({"CLIENT", "REPLY", "OFF"}) + request({"SET", "k", "w"}) +
                      request({"CLIENT", "REPLY", "ON"}));
    CHECK(world.client.receive() == kOk);
    world.heal();
  }

  TEST_CASE("a degraded concern latches: later writes do not wait, until one was held in time") {
    World world;
    CHECK(world.demand({"MEMBER", "us-1", "DEGRADE", "2000"}) == kOk);
    CHECK(world.client.ask({"SET", "k", "0"}) == kOk);
    CHECK(world.last()["outcome"] == "met");
    world.cut();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(world.client.ask({"SET", "k", "1"}) == kOk);
    CHECK(std::chrono::steady_clock::now() - begun >= 2s);
    CHECK(world.last() ==
          nlohmann::json{{"outcome", "degraded"}, {"have", Words{}}, {"lack", {"us-1"}}});
    // Equal concerns are one: other connections find it latched.
    RespClient another = world.eu.client();
    CHECK(another.ask(set_words({"durable", "member", "us-1", "degrade", "2000"})) == kOk);
    for (int i = 0; i < 100; ++i) REQUIRE(another.ask({"INCR", "k"}).starts_with(":"));
    CHECK(figure(world.other, "concerns_latched") == 1);
    CHECK(figure(world.other, "concerns_latched_now") == 1);
    CHECK(figure(world.other, "concerns_degraded") == 101);
    const auto status = nlohmann::json::parse(bulk(world.other.ask({"ANABRANCH", "STATUS"})));
    CHECK(status["clients"]["concerns"]["latched_now"] ==
          Words{"DURABLE MEMBER us-1 DEGRADE 2000"});
    CHECK(world.warning() ==
          "writes are answered before their concern is met: DURABLE MEMBER us-1 DEGRADE 2000");
    world.heal();
    CHECK(eventually([&] { return figure(world.other, "concerns_latched_now") == 0; }));
    CHECK(world.warning().empty());
    CHECK(world.client.ask({"INCR", "k"}).starts_with(":"));
    CHECK(world.last()["outcome"] == "met");
  }

  TEST_CASE("CLIENT UNBLOCK ends a wait with the error of a miss, and latches nothing") {
    World world;
    CHECK(world.demand({"MEMBER", "us-1", "DEGRADE", "3600000"}) == kOk);
    const std::string id = world.id();
    world.cut();
    world.hold({"SET", "k", "v"});
    CHECK(world.other.ask({"CLIENT", "UNBLOCK", id}) == ":1\r\n");
    CHECK(world.client.receive() == kLacking);
    CHECK(world.last() ==
          nlohmann::json{{"outcome", "ended"}, {"have", Words{}}, {"lack", {"us-1"}}});
    world.hold({"SET", "k", "w"});
    CHECK(world.other.ask({"CLIENT", "UNBLOCK", id, "ERROR"}) == ":1\r\n");
    CHECK(world.client.receive() == "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    CHECK(world.last()["outcome"] == "ended");
    CHECK(figure(world.other, "concerns_missed") == 0);
    CHECK(figure(world.other, "concerns_ended") == 1);
    CHECK(figure(world.other, "concerns_latched") == 0);
    CHECK(world.client.ask({"GET", "k"}) == "$1\r\nw\r\n");
  }

  TEST_CASE("who closes, or is killed, while an answer is held leaves nothing but the write") {
    World world;
    world.cut();
    for (const bool killed : {false, true}) {
      std::optional<RespClient> gone(world.eu.client());
      const std::string reply = gone->ask({"CLIENT", "ID"});
      CHECK(gone->ask(set_words({"DURABLE", "MEMBER", "us-1", "WITHIN", "3600000"})) == kOk);
      gone->send(request({"INCR", "n"}) + request({"INCR", "n"}));
      REQUIRE(world.waiting(1));
      if (killed) {
        const std::string id = reply.substr(1, reply.size() - 3);
        CHECK(world.other.ask({"CLIENT", "KILL", "ID", id}) == ":1\r\n");
        CHECK(gone->closed());
      }
      gone.reset();
      CHECK(world.waiting(0));
    }
    CHECK(world.other.ask({"GET", "n"}) == "$1\r\n2\r\n");
    world.heal();
  }

  TEST_CASE("CLIENT PAUSE holds up no answer of a write that was made before") {
    World world;
    world.cut();
    world.hold({"SET", "k", "v"});
    CHECK(world.other.ask({"CLIENT", "PAUSE", "3600000"}) == kOk);
    world.heal();
    CHECK(world.client.receive() == kOk);
    CHECK(world.other.ask({"CLIENT", "UNPAUSE"}) == kOk);
  }

  TEST_CASE("a server that stops tells those that wait what their writes lack") {
    std::optional<World> world(std::in_place);
    world->cut();
    RespClient waiting = world->eu.client();
    CHECK(waiting.ask(set_words({"DURABLE", "MEMBER", "us-1", "WITHIN", "3600000"})) == kOk);
    waiting.send(request({"SET", "k", "v"}));
    REQUIRE(world->waiting(1));
    world->eu.stop();
    CHECK(waiting.receive() == kLacking);
    world.reset();
    CHECK(waiting.closed());
  }

  TEST_CASE("a commit that fails is told at once: there is nothing to wait for") {
    RunningServer server;
    RespClient reader = server.client();
    RespClient writer = server.client();
    CHECK(writer.ask(set_words({"DURABLE", "COUNT", "1", "WITHIN", "3600000"})) == kOk);
    reader.ask({"GET", "k"});  // A client that reads: commits are begun, not made in place.
    HeldDisk disk{server.loop()};
    writer.send(request({"SET", "k", "before"}));
    disk.wait();
    disk.let_go();
    CHECK(writer.receive() == kOk);
    writer.send(request({"SET", "k", "after"}) + request({"GET", "k"}));
    disk.wait();
    CHECK(bulk(reader.ask({"GET", "k"})) == "before");
    disk.fail();
    CHECK(writer.receive().starts_with("-MISCONF cannot sync "));
    CHECK(bulk(writer.receive()) == "before");
  }

  TEST_CASE("many that wait are all answered, and hold up nobody") {
    World world;
    world.cut();
    constexpr int kMany = 800;
    std::vector<std::unique_ptr<RespClient>> clients;
    for (int i = 0; i < kMany; ++i) {
      clients.emplace_back(new RespClient(world.eu.client()));
      clients.back()->send(request(set_words({"DURABLE", "MEMBER", "us-1", "WITHIN", "300000"})) +
                           request({"INCR", "n"}));
    }
    REQUIRE(world.waiting(kMany));
    const double before = world.eu.processor_ms();
    for (int i = 0; i < 20; ++i) CHECK(world.other.ask({"PING"}) == "+PONG\r\n");
    CHECK(world.eu.processor_ms() - before < 1000);
    world.heal();
    for (const auto& each : clients) {
      CHECK(each->receive() == kOk);
      CHECK(each->receive().starts_with(":"));
    }
    CHECK(world.waiting(0));
  }
}

}  // namespace anabranch::concern_test
