// When there are as many clients as may be, strangers give way to new ones.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
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

// Connects from 127.0.0.`host` again and again, and says nothing, until it is destroyed.
class Flood {
 public:
  Flood(const RunningServer& server, std::uint8_t host)
      : thread_([this, endpoint = server.endpoint(), host] { run(endpoint, host); }) {}
  ~Flood() {
    ends_ = true;
    thread_.join();
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  [[nodiscard]] int came() const { return came_; }

 private:
  static sockaddr_in address_of(std::uint32_t host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(host);
    return address;
  }
  static bool join(int (*call)(int, const sockaddr*, socklen_t), int fd,
                   const sockaddr_in& address) {
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  void run(const std::string& endpoint, std::uint8_t host) {
    const sockaddr_in from = address_of(0x7F000000U + host, 0);
    const sockaddr_in to =
        address_of(INADDR_LOOPBACK, std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    std::deque<control::File> sockets;
    while (!ends_) {
      control::File socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (!join(::bind, socket.fd(), from) || !join(::connect, socket.fd(), to)) continue;
      ++came_;
      sockets.push_back(std::move(socket));
      if (sockets.size() > 200) sockets.pop_front();
    }
  }

  std::atomic<bool> ends_ = false;
  std::atomic<int> came_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_SUITE("server: crowd") {
  TEST_CASE("the oldest stranger gives way, and nobody with a password") {
    RunningServer server({}, few(3));
    need_password(server);
    RespClient known = admitted(server, {"AUTH", "pw"});
    RespClient first = admitted(server, {"PING"});
    RespClient second = admitted(server, {"PING"});
    RespClient next = admitted(server, {"AUTH", "pw"});
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

  TEST_CASE("who logs in at once is served while strangers flood") {
    RunningServer server({}, few(20));
    need_password(server);
    Flood flood(server, 1);
    while (flood.came() < 40) std::this_thread::sleep_for(1ms);
    for (int i = 0; i < 10; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      RespClient client = admitted(server, {"AUTH", "pw"});
      CHECK(client.ask({"PING"}) == "+PONG\r\n");
      CHECK(std::chrono::steady_clock::now() - begun < kDeadline);
    }
  }

  TEST_CASE("who comes from an address of few keeps its place while strangers flood from another") {
    RunningServer server({}, few(20));
    need_password(server);
    RespClient slow = server.client();
    CHECK(slow.ask({"PING"}).starts_with("-NOAUTH"));
    Flood flood(server, 2);
    while (flood.came() < 200) std::this_thread::sleep_for(1ms);
    CHECK(slow.ask({"AUTH", "pw"}) == "+OK\r\n");
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
