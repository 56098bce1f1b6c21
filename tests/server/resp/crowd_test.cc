// When there are as many clients as may be, strangers give way to new ones.

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "server/resp/crowd.h"
#include "tests/server/running_server.h"

namespace anabranch::crowd_test {

using server::Crowd;
using server::ServerOptions;
using test::RespClient;
using test::RunningServer;
using namespace std::chrono_literals;

namespace {

constexpr auto kDeadline = 30s;

ServerOptions few(std::size_t clients) {
  ServerOptions options;
  options.clients_max = clients;
  options.login_time_max = 600s;  // Not what the test is about.
  return options;
}

void need_password(RunningServer& server) {
  RespClient client = server.client();
  REQUIRE(client.ask({"ACL", "SETUSER", "default", "resetpass", ">pw"}) == "+OK\r\n");
  client.ask({"QUIT"});
  REQUIRE(client.closed());
}

// A new client as soon as there is room for it, after its first request.
RespClient admitted(RunningServer& server, const test::Words& request) {
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    RespClient client = server.client();
    try {
      if (!client.ask(request).starts_with("-ERR max number")) return client;
    } catch (const std::runtime_error&) {
      // Closed before it had sent all.
    }
    REQUIRE(std::chrono::steady_clock::now() - begun < kDeadline);
    std::this_thread::sleep_for(10ms);
  }
}

}  // namespace

TEST_SUITE("server: crowd") {
  TEST_CASE("the oldest stranger gives way, in its third second, and nobody with a password") {
    RunningServer server({}, few(3));
    need_password(server);
    RespClient known = admitted(server, {"AUTH", "pw"});
    const auto begun = std::chrono::steady_clock::now();
    RespClient first = admitted(server, {"PING"});
    RespClient second = admitted(server, {"PING"});
    RespClient next = admitted(server, {"AUTH", "pw"});
    CHECK(std::chrono::steady_clock::now() - begun >= Crowd::kYoung);
    CHECK(first.closed());
    CHECK(second.ask({"PING"}).starts_with("-NOAUTH"));
    CHECK(known.ask({"SET", "k", "v"}) == "+OK\r\n");
    CHECK(next.ask({"GET", "k"}) == "$1\r\nv\r\n");
    CHECK(test::figure(known, "strangers_gave_way") == 1);
    // A stranger that goes on sending gives way as well: it has to log in.
    RespClient last = admitted(server, {"AUTH", "pw"});
    CHECK(second.closed());
    // Now all have one.
    std::this_thread::sleep_for(Crowd::kYoung + 100ms);
    CHECK(server.client().receive() == "-ERR max number of clients reached\r\n");
    for (RespClient* each : {&known, &next, &last}) CHECK(each->ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("without passwords the one that is idle for longest gives way, and none that waits") {
    RunningServer server({}, few(3));
    RespClient monitor = server.client();
    REQUIRE(monitor.ask({"MONITOR"}) == "+OK\r\n");
    RespClient idle = server.client();
    REQUIRE(idle.ask({"PING"}) == "+PONG\r\n");
    RespClient busy = server.client();
    const auto begun = std::chrono::steady_clock::now();
    for (;;) {
      REQUIRE(busy.ask({"PING"}) == "+PONG\r\n");
      RespClient next = server.client();
      try {
        if (next.ask({"PING"}) == "+PONG\r\n") break;
      } catch (const std::runtime_error&) {
        // As above.
      }
      REQUIRE(std::chrono::steady_clock::now() - begun < kDeadline);
      std::this_thread::sleep_for(10ms);
    }
    CHECK(std::chrono::steady_clock::now() - begun >= Crowd::kYoung - 1s);
    CHECK(idle.closed());
    CHECK(busy.ask({"PING"}) == "+PONG\r\n");
    CHECK(test::figure(busy, "strangers_gave_way") == 1);
  }
}

}  // namespace anabranch::crowd_test
