// Input of clients that is not run yet is bounded over all of them, and the client that holds most
// pays.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::input_test {

using namespace std::chrono_literals;
using server::ServerOptions;
using test::eventually;
using test::figure;
using test::request;
using test::RespClient;
using test::RunningServer;

namespace {

constexpr std::size_t kRoom = std::size_t{1} << 20U;

ServerOptions narrow() {
  ServerOptions options;
  options.input_bytes_total = kRoom;
  return options;
}

// The beginning of a request with one word of so many bytes, without these.
std::string announce(std::size_t bytes) {
  return "*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$" + std::to_string(bytes) + "\r\n";
}

// Clients with an open transaction each and some thousand bytes in its queue.
std::vector<RespClient> queue(RunningServer& server, int clients, std::size_t bytes) {
  std::vector<RespClient> all;
  for (int i = 0; i < clients; ++i) {
    RespClient& client = all.emplace_back(server.client());
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(client.ask({"SET", "k" + std::to_string(i), std::string(bytes, 'v')}) == "+QUEUED\r\n");
  }
  return all;
}

bool is_told(RespClient& client) { return client.receive().starts_with("-ERR closed: "); }

}  // namespace

TEST_SUITE("server: input") {
  TEST_CASE("who has sent most of too much is closed, and all others go on") {
    RunningServer server({}, narrow());
    RespClient good = server.client();
    RespClient big = server.client();
    big.send(announce(2 * kRoom) + std::string(kRoom / 2, 'v'));
    REQUIRE(eventually([&] { return figure(good, "input_bytes") > kRoom / 2; }));
    constexpr int kClients = 15;
    std::vector<RespClient> small = queue(server, kClients, 50'000);
    CHECK(is_told(big));
    CHECK(big.closed());
    CHECK(figure(good, "senders_cut") == 1);
    for (RespClient& client : small) CHECK(client.ask({"EXEC"}) == "*1\r\n+OK\r\n");
    CHECK(good.ask({"DBSIZE"}) == ":" + std::to_string(kClients) + "\r\n");
    CHECK(figure(good, "input_bytes") < kRoom / 2);
  }

  TEST_CASE("a large transaction is what is most, too, and nothing of it is run") {
    RunningServer server({}, narrow());
    RespClient good = server.client();
    std::vector<RespClient> large = queue(server, 1, kRoom / 2);
    std::vector<RespClient> small = queue(server, 15, 50'000);
    CHECK(is_told(large.front()));
    CHECK(large.front().closed());
    CHECK(good.ask({"DBSIZE"}) == ":0\r\n");
    CHECK(figure(good, "senders_cut") == 1);
  }

  TEST_CASE("what many small words take besides their bytes is counted, and given back") {
    RunningServer server({}, narrow());
    RespClient good = server.client();
    const auto words = [](int count) {
      std::string all;
      for (int i = 0; i < count; ++i) all += "$0\r\n\r\n";
      return all;
    };
    RespClient client = server.client();
    client.send("*8001\r\n$6\r\nEXISTS\r\n" + words(8'000));
    CHECK(client.receive().starts_with(":"));
    CHECK(eventually([&] { return figure(good, "input_bytes") < 100'000; }));
    client.send("*1000000\r\n$3\r\nDEL\r\n" + words(100'000));
    CHECK(is_told(client));
    CHECK(client.closed());
  }

  TEST_CASE("one transaction that takes long is counted") {
    ServerOptions options;
    options.transaction_patience = 1ms;
    RunningServer server({}, options);
    RespClient client = server.client();
    for (int i = 0; i < 100; ++i) client.ask({"INCR", "n"});
    CHECK(figure(client, "long_transactions") == 0);
    CHECK(eventually([&] {
      std::string all = request({"MULTI"});
      for (int i = 0; i < 5'000; ++i) all += request({"INCR", "k" + std::to_string(i)});
      client.send(all + request({"EXEC"}));
      for (int i = 0; i < 5'002; ++i) client.receive();
      return figure(client, "long_transactions") > 0;
    }));
    const std::string status = client.ask({"ANABRANCH", "STATUS"});
    CHECK(status.find("\"long_transactions\":0") == status.npos);
    CHECK(status.find("\"long_transactions\":") != status.npos);
  }
}

}  // namespace anabranch::input_test
