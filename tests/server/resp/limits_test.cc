// Clients that flood, stall, lie or send garbage cost no other client anything, and a commit that
// fails is an error to every client that depended on it.

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/seed.h"
#include "tests/server/running_server.h"

namespace anabranch::limits_test {

using server::Server;
using server::ServerOptions;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

ErrorCode code_of_opening(anabranch::leader::Leader& leader, std::string address,
                          std::string& message) {
  ServerOptions options;
  options.address = std::move(address);
  const auto opened = Server::open(leader, options);
  REQUIRE_FALSE(opened.ok());
  message = opened.failure().message;
  return opened.failure().code;
}

}  // namespace

TEST_SUITE("server: limits") {
  TEST_CASE("an address that is wrong, foreign or taken gives one clear line") {
    anabranch::test::TempDir folder;
    anabranch::Options store;
    store.path = (folder.path() / "data").string();
    store.region = "eu";
    const auto leader = anabranch::leader::Leader::open(store).value_or_raise();
    std::string message;
    for (const char* address : {"6400", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"}) {
      CAPTURE(address);
      CHECK(code_of_opening(*leader, address, message) == ErrorCode::kInvalid);
      CHECK(message.starts_with("the Redis address "));
    }
    for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
      CAPTURE(address);
      CHECK(code_of_opening(*leader, address, message) == ErrorCode::kInvalid);
      CHECK(message.find("is refused without TLS") != message.npos);
    }
    CHECK(code_of_opening(*leader, "example.org:0", message) == ErrorCode::kInvalid);
    CHECK(message.find("its host is no address") != message.npos);
    const auto server = Server::open(*leader, {.address = "127.0.0.1:0"}).value_or_raise();
    CHECK(code_of_opening(*leader, server->endpoint(), message) == ErrorCode::kBusy);
    CHECK(message == "the Redis port " + server->endpoint() + " is in use");
  }

  TEST_CASE("what a request may repeat, and a name that is kept, have bounds") {
    RunningServer server;
    RespClient client = server.client();
    const auto many = [](Words words, const Words& more, int times) {
      for (int i = 0; i < times; ++i) words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    const std::string name(1024, 'n');
    CHECK(client.ask({"CLIENT", "SETNAME", name}) == "+OK\r\n");
    CHECK(client.ask({"CLIENT", "SETNAME", name + "n"}).starts_with("-ERR Client names have at"));
    CHECK(client.ask({"HELLO", "2", "SETNAME", name + "n"}).starts_with("-ERR Client names have"));
    CHECK(client.ask({"CLIENT", "GETNAME"}) == "$1024\r\n" + name + "\r\n");
    CHECK(client.ask(many({"COMMAND", "INFO"}, {"nothing"}, 1000)).starts_with("*1000\r\n"));
    for (const char* const verb : {"INFO", "DOCS"}) {
      CHECK(client.ask(many({"COMMAND", verb}, {"get"}, 1001)).starts_with("-ERR at most 1000"));
    }
    CHECK(client.ask(many({"SCAN", "0"}, {"COUNT", "5"}, 8)).starts_with("*2\r\n"));
    CHECK(client.ask(many({"SCAN", "0"}, {"COUNT", "5"}, 9)) == "-ERR syntax error\r\n");
    const Words wait{"ANABRANCH", "WAIT", "1"};
    CHECK(client.ask(many(wait, {"REGION", "eu"}, 1000)).starts_with("$"));
    CHECK(client.ask(many(wait, {"REGION", "eu"}, 1001)).find("at most 1000") != std::string::npos);
  }

  TEST_CASE("garbage is answered and cut off, and nobody else notices") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    RunningServer server;
    RespClient good = server.client();
    good.ask({"SET", "k", "v"});
    RespClient bad = server.client();
    bad.send("*1\r\n$x\r\n");
    CHECK(bad.receive() == "-ERR Protocol error: invalid bulk length\r\n");
    CHECK(bad.closed());
    for (int i = 0; i < 50; ++i) {
      RespClient noise = server.client();
      std::string bytes(1 + random() % 2000, ' ');
      for (char& c : bytes) c = static_cast<char>(random());
      noise.send_some(bytes);
      CHECK(good.ask({"GET", "k"}) == "$1\r\nv\r\n");
    }
  }

  TEST_CASE("a browser that is made to speak to the port is cut off") {
    RunningServer server;
    RespClient browser = server.client();
    browser.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n");
    CHECK(browser.closed());
    CHECK(server.client().ask({"EXISTS", "k"}) == ":0\r\n");
  }

  TEST_CASE("a value over the limit is an error that names it, and the connection goes on") {
    anabranch::Options store;
    store.value_bytes_max = 100'000;
    RunningServer server(store);
    RespClient client = server.client();
    const std::string answer = client.ask({"SET", "k", std::string(100'001, 'v')});
    CHECK(answer.starts_with("-ERR "));
    CHECK(answer.find("100000") != answer.npos);
    CHECK(client.ask({"SET", "k", std::string(100'000, 'v')}) == "+OK\r\n");
    CHECK(client.ask({"STRLEN", "k"}) == ":100000\r\n");
  }

  TEST_CASE("a word that is far too long for what it is to be is an error") {
    RunningServer server;
    RespClient client = server.client();
    const std::string digits(1'000'000, '1');
    const std::string not_integer = "-ERR value is not an integer or out of range\r\n";
    CHECK(client.ask({"SELECT", digits}) == not_integer);
    CHECK(client.ask({"INCRBY", "n", digits}) == not_integer);
    CHECK(client.ask({"SCAN", digits}) == "-ERR invalid cursor\r\n");
    CHECK(client.ask({"SINTERCARD", digits, "k"}).starts_with("-ERR "));
    CHECK(client.ask({"GET", digits}).starts_with("-ERR "));
    CHECK(client.ask({digits}).size() < 1000);
    CHECK(client.ask({"CLIENT", "SETINFO", "lib-name", digits}) ==
          "-ERR lib-name has at most 1024 bytes.\r\n");
    // As in Redis.
    const std::string number = "1." + std::string(5'117, '0');
    CHECK(client.ask({"INCRBYFLOAT", "f", number}) == "$1\r\n1\r\n");
    CHECK(client.ask({"INCRBYFLOAT", "f", number + "0"}) == "-ERR value is not a valid float\r\n");
    const std::string large(std::size_t{33} << 20U, 'v');
    CHECK(client.ask({"SET", "k", "abc"}) == "+OK\r\n");
    for (const Words& words : {Words{"APPEND", "k", large}, Words{"SETRANGE", "k", "1", large}}) {
      CHECK(client.ask(words).starts_with("-ERR a value of 346030"));
    }
    CHECK(client.ask({"SETRANGE", "k", "5", "x"}) == ":6\r\n");
    CHECK(client.ask({"APPEND", "k", "yz"}) == ":8\r\n");
    CHECK(client.ask({"SETRANGE", "k", "99", ""}) == ":8\r\n");
    CHECK(client.ask({"GET", "k"}) == std::string("$8\r\nabc\0\0xyz\r\n", 14));
    CHECK(client.ask({"SETRANGE", "none", "9", ""}) == ":0\r\n");
    CHECK(client.ask({"APPEND", "none", ""}) == ":0\r\n");
    client.ask({"SADD", "set", "m"});
    CHECK(client.ask({"APPEND", "set", "x"}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"SETRANGE", "set", "1", "x"}).starts_with("-WRONGTYPE"));
  }

  TEST_CASE("a request over the limit is read to its end and refused") {
    ServerOptions options;
    options.parser.request_bytes_max = std::size_t{1} << 20U;
    RunningServer server({}, options);
    RespClient client = server.client();
    client.send(request({"SET", "k", std::string(std::size_t{8} << 20U, 'v')}) +
                request({"EXISTS", "k"}));
    CHECK(client.receive() == "-ERR the request is over the limit of 1048576 bytes\r\n");
    CHECK(client.receive() == ":0\r\n");
  }

  TEST_CASE("a large value travels in both directions") {
    RunningServer server;
    RespClient client = server.client();
    const std::string value(std::size_t{20} << 20U, 'v');
    CHECK(client.ask({"SET", "k", value}) == "+OK\r\n");
    const std::string answer = client.ask({"GET", "k"});
    CHECK(answer.size() == std::to_string(value.size()).size() + value.size() + 5);
  }

  TEST_CASE("an answer over the limit becomes an error") {
    ServerOptions options;
    options.output_bytes_max = 100'000;
    RunningServer server({}, options);
    RespClient client = server.client();
    client.ask({"SET", "k", std::string(60'000, 'v')});
    CHECK(client.ask({"MGET", "k", "k"}) ==
          "-ERR the answer is over the limit of 100000 bytes\r\n");
    CHECK(client.ask({"STRLEN", "k"}) == ":60000\r\n");
  }

  TEST_CASE("a client that does not read is not read from, and others are served") {
    ServerOptions options;
    options.output_pause_bytes = 100'000;
    options.output_bytes_max = 400'000;
    RunningServer server({}, options);
    RespClient good = server.client();
    good.ask({"SET", "k", std::string(50'000, 'v')});
    RespClient slow = server.client();
    const std::string asks = request({"GET", "k"});
    constexpr int kAsked = 3000;  // 150 MB of answers.
    std::string all;
    for (int i = 0; i < kAsked; ++i) all += asks;
    slow.send(all);
    for (int i = 0; i < 100; ++i) CHECK(good.ask({"STRLEN", "k"}) == ":50000\r\n");
    const std::string listed = good.ask({"CLIENT", "LIST"});
    // The waiting bytes are the pause plus one answer; sent bytes are dropped when they are half.
    std::size_t most = 0;
    for (std::size_t at = 0; (at = listed.find(" omem=", at)) != listed.npos; at += 6) {
      most = std::max(most, static_cast<std::size_t>(std::stoull(listed.substr(at + 6))));
    }
    CHECK(most > 100'000);
    CHECK(most <= 2 * 151'000);
    for (int i = 0; i < kAsked; ++i) REQUIRE(slow.receive().starts_with("$50000\r\n"));
    CHECK(slow.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("a pipeline of many thousand is answered completely, with its sender's end closed") {
    RunningServer server;
    RespClient client = server.client();
    constexpr int kAsked = 20'000;
    std::string all;
    for (int i = 0; i < kAsked; ++i) all += request({"INCR", "n"});
    client.send(all);
    client.finish();
    for (int i = 1; i <= kAsked; ++i) REQUIRE(client.receive() == ":" + std::to_string(i) + "\r\n");
    CHECK(client.closed());
  }

  TEST_CASE("one who floods does not keep another waiting") {
    RunningServer server;
    RespClient flood = server.client();
    RespClient good = server.client();
    std::string all;
    for (int i = 0; i < 20'000; ++i) all += request({"SET", "flood" + std::to_string(i), "v"});
    flood.send(all);
    flood.send(request({"ECHO", "end"}));
    // The single command passes thousands that were sent before it.
    CHECK(good.ask({"SET", "good", "v"}) == "+OK\r\n");
    const std::string size = good.ask({"DBSIZE"});
    CAPTURE(size);
    for (int i = 0; i < 20'000; ++i) REQUIRE(flood.receive() == "+OK\r\n");
    CHECK(flood.receive() == "$3\r\nend\r\n");
    CHECK(good.ask({"DBSIZE"}) == ":20001\r\n");
  }

  TEST_CASE("a thousand clients are served at once") {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    RunningServer server;
    std::vector<RespClient> clients;
    clients.reserve(1000);
    for (int i = 0; i < 1000; ++i) clients.push_back(server.client());
    for (RespClient& client : clients) client.send(request({"INCR", "n"}));
    for (RespClient& client : clients) CHECK(client.receive().starts_with(":"));
    CHECK(clients.front().ask({"GET", "n"}) == "$4\r\n1000\r\n");
  }

  TEST_CASE("clients over the limit get an error, and may come when others have gone") {
    ServerOptions options;
    options.clients_max = 2;
    RunningServer server({}, options);
    RespClient one = server.client();
    one.ask({"PING"});
    {
      RespClient two = server.client();
      two.ask({"PING"});
      RespClient three = server.client();
      CHECK(three.receive() == "-ERR max number of clients reached\r\n");
      CHECK(three.closed());
      two.ask({"QUIT"});
      CHECK(two.closed());
    }
    // Closed by the server before the client saw it.
    CHECK(server.client().ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("when a commit fails every answer that depended on it is an error") {
    anabranch::Options store;
    store.map_bytes = std::size_t{64} << 20U;
    store.reserve_bytes = 0;  // So that a commit fails.
    store.flush_bytes_max = std::uint64_t{1} << 20U;
    RunningServer server(store);
    RespClient client = server.client();
    CHECK(client.ask({"SET", "before", "v"}) == "+OK\r\n");
    int stored = 0;
    for (; stored < 20; ++stored) {
      const std::string key = "large " + std::to_string(stored);
      REQUIRE(client.ask({"SET", key, std::string(1'000'000, 'v')}) == "+OK\r\n");
    }
    std::string answer;
    for (int i = 0; i < 10'000 && !answer.starts_with("-MISCONF"); ++i) {
      // One packet of less than one read takes, so one turn: a write, a read that sees it, and a
      // command that needs no store.
      client.send(request({"SET", "k" + std::to_string(i), std::string(12'000, 'v')}) +
                  request({"STRLEN", "k" + std::to_string(i)}) + request({"PING"}));
      answer = client.receive();
      const std::string read = client.receive();
      CHECK(client.receive() == "+PONG\r\n");
      CAPTURE(answer);
      CAPTURE(read);
      if (answer == "+OK\r\n") {
        CHECK(read.starts_with(":12000"));
        ++stored;
      } else {  // Where the flusher has failed before, the write is refused and the read goes on.
        CHECK((read.starts_with("-MISCONF") || read == ":0\r\n"));
      }
    }
    REQUIRE(answer.starts_with("-MISCONF"));
    CHECK(stored > 0);
    // The store takes no more writes, and still reads the acknowledged ones and no others.
    CHECK(client.ask({"SET", "after", "v"}).starts_with("-MISCONF"));
    CHECK(client.ask({"GET", "before"}) == "$1\r\nv\r\n");
    CHECK(client.ask({"DBSIZE"}) == ":" + std::to_string(stored + 1) + "\r\n");
  }
}

}  // namespace anabranch::limits_test
