// The limits on all clients of the Redis port together: answers that no client reads, and commands
// that take long, keep no other client waiting.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::budget_test {

using namespace std::chrono_literals;
using server::ServerOptions;
using test::eventually;
using test::figure;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

constexpr std::size_t kValue = 100'000;
constexpr int kAsked = 20;
constexpr std::size_t kReaders = 30;

// Little room for answers, and none of it for long.
ServerOptions narrow(std::chrono::milliseconds stall) {
  ServerOptions options;
  options.output_pause_bytes = kValue;
  options.output_bytes_total = std::size_t{1} << 20U;
  options.output_stall = stall;
  return options;
}

// Clients that have asked for many large values and read none.
std::vector<RespClient> ask_and_never_read(RunningServer& server, RespClient& good) {
  good.ask({"SET", "big", std::string(kValue, 'v')});
  std::string all;
  for (int i = 0; i < kAsked; ++i) all += request({"GET", "big"});
  std::vector<RespClient> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(server.client());
    readers.back().send(all);
  }
  return readers;
}

// Reads more than the system would hold for one that does not.
void show_that_it_reads(RespClient& client) {
  std::string all;
  for (int i = 0; i < 100; ++i) all += request({"GET", "big"});
  client.send(all);
  for (int i = 0; i < 100; ++i) REQUIRE(client.receive().starts_with("$100000\r\n"));
}

// The same, with some that wait for room until others read.
std::vector<RespClient> fill_room(RunningServer& server, RespClient& good) {
  std::vector<RespClient> readers = ask_and_never_read(server, good);
  // Until the system takes nothing more for them either, and no client goes on.
  std::string before;
  int same = 0;
  REQUIRE(eventually([&] {
    const std::string now = std::to_string(figure(good, "held_back_clients")) + " " +
                            std::to_string(figure(good, "output_bytes")) + " " +
                            std::to_string(figure(good, "answers_held_back"));
    same = now == before ? same + 1 : 0;
    before = now;
    return same > 20 && figure(good, "held_back_clients") > kReaders / 4;
  }));
  return readers;
}

// Reads all answers, of all clients at the same time; returns how many are right.
std::size_t read_all(std::vector<RespClient>& readers) {
  const std::string answer =
      "$" + std::to_string(kValue) + "\r\n" + std::string(kValue, 'v') + "\r\n";
  std::atomic<std::size_t> right = 0;
  std::vector<std::thread> threads;
  for (RespClient& reader : readers) {
    threads.emplace_back([&] {
      try {
        for (int i = 0; i < kAsked; ++i) right += reader.receive() == answer ? 1U : 0U;
      } catch (const std::runtime_error&) {  // It was cut, or nothing came: some are missing.
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return right;
}

std::uint64_t log_records(RespClient& client) {
  const std::string reply = client.ask({"ANABRANCH", "STATUS"});
  return nlohmann::json::parse(reply.substr(reply.find('{'))).at("log_records");
}

Words removal(int keys) {
  Words words{"DEL"};
  for (int i = 0; i < keys; ++i) words.push_back("k" + std::to_string(i));
  return words;
}

void fill(RespClient& client, int keys) {
  Words words{"MSET"};
  for (int i = 0; i < keys; ++i) {
    words.push_back("k" + std::to_string(i));
    words.emplace_back("v");
  }
  REQUIRE(client.ask(words) == "+OK\r\n");
}

}  // namespace

TEST_SUITE("server: budgets") {
  TEST_CASE("answers that nobody reads are bounded over all clients, and all come in the end") {
    const ServerOptions options = narrow(10min);
    RunningServer server({}, options);
    RespClient good = server.client();
    std::vector<RespClient> readers = fill_room(server, good);
    for (int i = 0; i < 20; ++i) {
      CHECK(figure(good, "output_bytes") <= options.output_bytes_total * 3 / 2);
      CHECK(good.ask({"INCR", "n"}) == ":" + std::to_string(i + 1) + "\r\n");
    }
    CHECK(read_all(readers) == kReaders * kAsked);
    CHECK(figure(good, "held_back_clients") == 0);
    CHECK(figure(good, "clients_cut") == 0);
    CHECK(eventually([&] { return figure(good, "output_bytes") == 0; }));
  }

  TEST_CASE("the smallest budget of a turn serves everybody in the end") {
    ServerOptions options;
    options.turn_input_bytes_max = 1;
    options.turn_output_bytes_max = 1;
    options.turn_time_max = 0ms;
    RunningServer server({}, options);
    RespClient good = server.client();
    good.ask({"SET", "big", std::string(kValue, 'v')});
    std::string all;
    for (int i = 0; i < kAsked; ++i) all += request({"GET", "big"});
    std::vector<RespClient> readers;
    for (std::size_t i = 0; i < kReaders; ++i) {
      readers.push_back(server.client());
      readers.back().send(all + request({"ECHO", std::string(kValue, 'v')}));
    }
    CHECK(good.ask({"INCR", "n"}) == ":1\r\n");
    CHECK(read_all(readers) == kReaders * kAsked);
    for (RespClient& reader : readers) CHECK(reader.receive().starts_with("$100000\r\n"));
  }

  TEST_CASE("who does not read is closed when others wait for the room") {
    RunningServer server({}, narrow(50ms));
    RespClient good = server.client();
    const std::vector<RespClient> readers = ask_and_never_read(server, good);
    REQUIRE(eventually([&] { return figure(good, "held_back_clients") > 0; }));
    RespClient other = server.client();
    CHECK(other.ask({"GET", "big"}).starts_with("$100000\r\n"));
    CHECK(eventually([&] { return figure(good, "held_back_clients") == 0; }));
    CHECK(figure(good, "clients_cut") > 0);
  }

  TEST_CASE("who reads does not wait for those who never do") {
    RunningServer server({}, narrow(10min));
    RespClient good = server.client();
    good.ask({"SET", "big", std::string(kValue, 'v')});
    RespClient reader = server.client();
    show_that_it_reads(reader);
    std::vector<RespClient> readers = fill_room(server, good);
    for (int i = 0; i < kAsked; ++i) CHECK(reader.ask({"GET", "big"}).starts_with("$100000\r\n"));
    CHECK(figure(good, "held_back_clients") > kReaders / 4);
    CHECK(figure(good, "clients_cut") == 0);
  }

  TEST_CASE("a newcomer is tried while others never read") {
    // Long enough that no client is closed in this test; a value of this size is tried every fifth.
    RunningServer server({}, narrow(20s));
    RespClient good = server.client();
    std::vector<RespClient> readers = fill_room(server, good);
    RespClient newcomer = server.client();
    CHECK(newcomer.ask({"GET", "big"}).starts_with("$100000\r\n"));
    CHECK(figure(good, "clients_cut") == 0);
    CHECK(figure(good, "held_back_clients") > 0);
  }

  TEST_CASE("a transaction whose answer finds no room has not run, and runs once") {
    RunningServer server({}, narrow(10min));
    RespClient good = server.client();
    std::vector<RespClient> readers = fill_room(server, good);
    RespClient other = server.client();
    const std::size_t before = figure(good, "answers_held_back");
    // More than a half of the room: it becomes free when others read.
    constexpr int kBig = 8;
    const Words queue[] = {
        {"MULTI"}, {"INCR", "n"}, {"SELECT", "3"}, {"SET", "n", "x"}, {"SELECT", "0"}};
    for (const Words& words : queue) other.send(request(words));
    for (int i = 0; i < kBig; ++i) other.send(request({"GET", "big"}));
    other.send(request({"SELECT", "5"}) + request({"EXEC"}));
    REQUIRE(eventually([&] { return figure(good, "answers_held_back") > before; }));
    CHECK(good.ask({"EXISTS", "n"}) == ":0\r\n");
    CHECK(good.ask({"CLIENT", "LIST"}).find(" db=5 ") == std::string::npos);
    CHECK(read_all(readers) == kReaders * kAsked);
    CHECK(other.receive() == "+OK\r\n");
    for (int i = 0; i < 5 + kBig; ++i) CHECK(other.receive() == "+QUEUED\r\n");
    CHECK(other.receive().starts_with("*13\r\n:1\r\n+OK\r\n+OK\r\n+OK\r\n$100000\r\n"));
    CHECK(good.ask({"GET", "n"}) == "$1\r\n1\r\n");
    CHECK(good.ask({"CLIENT", "LIST"}).find(" db=5 ") != std::string::npos);
  }

  TEST_CASE("a removal of many keys goes in slices, and nobody sees half of it") {
    constexpr int kKeys = 20'000;
    const std::string last = "k" + std::to_string(kKeys - 1);
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    RespClient third = server.client();
    for (RespClient* each : {&client, &other}) each->ask({"SELECT", "3"});
    fill(client, kKeys);
    const std::uint64_t before = log_records(third);
    client.send(request(removal(kKeys)));
    while (true) {
      const std::string seen = other.ask({"MGET", "k0", "k10000", last});
      if (seen == "*3\r\n$-1\r\n$-1\r\n$-1\r\n") break;
      REQUIRE(seen == "*3\r\n$1\r\nv\r\n$1\r\nv\r\n$1\r\nv\r\n");
    }
    // Writes from now on stay.
    CHECK(other.ask({"SET", last, "new"}) == "+OK\r\n");
    CHECK(other.ask({"INCR", "k5000"}) == ":1\r\n");
    third.send(request({"MULTI"}) + request({"SELECT", "3"}) + request({"EXISTS", "k19000", last}) +
               request({"EXEC"}));
    for (int i = 0; i < 3; ++i) third.receive();
    CHECK(third.receive() == "*2\r\n+OK\r\n:1\r\n");
    CHECK(other.ask({"DBSIZE"}) == ":2\r\n");
    CHECK(client.receive() == ":" + std::to_string(kKeys) + "\r\n");
    CHECK(other.ask({"MGET", "k5000", last}) == "*2\r\n$1\r\n1\r\n$3\r\nnew\r\n");
    CHECK(log_records(third) > before + 10);
  }

  TEST_CASE("removals of many keys meet, end with their clients and with the server") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    fill(client, 5'000);
    client.send(request(removal(5'000)));
    other.send(request(removal(5'000)) + request({"KEYS", "*"}));
    const std::string removed = client.receive();
    const std::string also = other.receive();
    CHECK(std::stoi(removed.substr(1)) + std::stoi(also.substr(1)) == 5'000);
    CHECK(other.receive() == "*0\r\n");
    fill(client, 5'000);
    {
      RespClient leaves = server.client();
      leaves.send(request(removal(5'000)));
      // So it has begun.
      while (client.ask({"EXISTS", "k0"}) != ":0\r\n") continue;
    }
    CHECK(client.ask({"DBSIZE"}) == ":0\r\n");
    fill(client, 20'000);
    client.send(request(removal(20'000)));
  }

  TEST_CASE("removals of many keys wait for each other where there are many, and others for none") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 2'000);
    client.ask({"WATCH", "k1999"});
    std::vector<RespClient> removing;
    for (int i = 0; i < 40; ++i) removing.push_back(server.client());
    for (RespClient& each : removing) each.send(request(removal(100'000)));
    RespClient other = server.client();
    CHECK(other.ask({"SET", "more", "v"}) == "+OK\r\n");
    CHECK(other.ask({"WATCH", "more"}) == "+OK\r\n");
    int removed = 0;
    for (RespClient& each : removing) removed += std::stoi(each.receive().substr(1));
    CHECK(removed == 2'000);
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(client.ask({"EXEC"}) == "*-1\r\n");
    CHECK(other.ask({"DBSIZE"}) == ":1\r\n");
  }

  TEST_CASE("a removal of many keys within MULTI is one transaction") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 3'000);
    const std::uint64_t before = log_records(client);
    client.send(request({"MULTI"}) + request(removal(3'000)) + request({"EXEC"}));
    CHECK(client.receive() == "+OK\r\n");
    CHECK(client.receive() == "+QUEUED\r\n");
    CHECK(client.receive() == "*1\r\n:3000\r\n");
    CHECK(log_records(client) == before + 1);
  }

  TEST_CASE("a removal of many keys with one that is none is refused as a whole") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 2'000);
    Words words = removal(2'000);
    words.push_back(std::string(70'000, 'x'));
    CHECK(client.ask(words).starts_with("-ERR "));
    CHECK(client.ask({"DBSIZE"}) == ":2000\r\n");
  }
}

}  // namespace anabranch::budget_test
