// Messages and status about a dialled peer that is not there.

#include "transport/zmq/absence.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>

#include <doctest/doctest.h>

#include "tests/printed.h"
#include "tests/transport/event_log.h"
#include "transport/keys.h"
#include "transport/zmq/reach_probe.h"
#include "transport/zmq/redial.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport::absence_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::EventLog;

// A port of this machine that is taken, and where no process listens.
class ClosedPort {
 public:
  ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket_, raw, size) == 0);
    REQUIRE(::getsockname(socket_, raw, &size) == 0);
    address_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~ClosedPort() { ::close(socket_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

TEST_SUITE_BEGIN("transport: absence");

TEST_CASE("it is said at once, after ten seconds, after a minute, and then every hour") {
  const Absence::Clock::time_point begin;
  Absence absence;
  std::vector<milliseconds> said;
  for (milliseconds at{0}; at < hours(5); at += seconds(1)) {
    absence.failed(begin + at);
    absence.because("connection refused");
    if (absence.line("tcp://h:1", begin + at)) said.push_back(at);
  }
  CHECK(said == std::vector<milliseconds>{seconds(0), seconds(10), minutes(1), hours(1), hours(2),
                                          hours(3), hours(4)});
  CHECK(absence.tries() == 5 * 3600);
}

TEST_CASE("the lines say what, why, for how long and how often") {
  const Absence::Clock::time_point begin;
  Absence absence;
  absence.answered();
  absence.failed(begin);
  CHECK_FALSE(absence.line("tcp://h:1", begin));  // The cause is unknown yet.
  absence.because("no answer");
  CHECK(absence.line("tcp://h:1", begin) ==
        Absence::Line{"cannot reach tcp://h:1: no answer", true});
  absence.failed(begin + minutes(3));
  CHECK(absence.line("tcp://h:1", begin + minutes(3)) ==
        Absence::Line{"still cannot reach tcp://h:1 after 3 min and 2 tries: no answer", true});
  CHECK_FALSE(absence.line("tcp://h:1", begin + minutes(4)));
  absence.end();
  CHECK_FALSE(absence.since());
  absence.failed(begin + hours(1));
  absence.said(begin + hours(1));
  absence.because("no answer");
  CHECK_FALSE(absence.line("tcp://h:1", begin + hours(1)));
}

TEST_CASE("a peer that is not there yet is no reason for a warning, until it stays away") {
  const Absence::Clock::time_point begin;
  Absence absence;
  absence.failed(begin);
  absence.because("connection refused");
  CHECK(
      absence.line("tcp://h:1", begin) ==
      Absence::Line{"tcp://h:1 is not reachable yet: connection refused; trying again every second",
                    false});
  CHECK_FALSE(absence.line("tcp://h:1", begin + seconds(9)));
  absence.failed(begin + seconds(10));
  CHECK(absence.line("tcp://h:1", begin + seconds(10)) ==
        Absence::Line{"still cannot reach tcp://h:1 after 10 s and 2 tries: connection refused",
                      true});
  absence.end();  // Once it has been there, its absence is.
  absence.failed(begin + minutes(1));
  absence.because("connection refused");
  CHECK(absence.line("tcp://h:1", begin + minutes(1)) ==
        Absence::Line{"cannot reach tcp://h:1: connection refused", true});
}

TEST_CASE("the reason is the one that the machine gives") {
  const ClosedPort closed;
  CHECK(why_unreachable(closed.address(), seconds(3)) == "connection refused");
  CHECK(why_unresolved(closed.address()).empty());
  const std::string unknown = why_unreachable("tcp://no-such-host.invalid:7400", seconds(3));
  CHECK(unknown.find("the name no-such-host.invalid cannot be looked up") == 0);
  CHECK(why_unresolved("tcp://no-such-host.invalid:7400") == unknown);
  const auto open =
      open_zmq_transport({.listen = "tcp://127.0.0.1:*", .peers = {}}).value_or_raise();
  CHECK(why_unreachable(open->endpoint(), seconds(3)).empty());
}

TEST_CASE("a transport tells of each dialled address whether it is there, and why not") {
  const ClosedPort closed;
  const auto there =
      open_zmq_transport({.listen = "tcp://127.0.0.1:*", .peers = {}}).value_or_raise();
  EventLog at_there(*there);
  auto here = open_zmq_transport({.listen = {}, .peers = {closed.address(), there->endpoint()}})
                  .value_or_raise();
  EventLog at_here(*here);
  const LinkId link = at_here.wait_up();
  here->send(link, 0, "hello");
  REQUIRE(at_there.wait_body("hello"));
  REQUIRE(eventually([&] { return !here->dials()[0].why.empty(); }));
  const std::vector<DialStatus> dials = here->dials();
  REQUIRE(dials.size() == 2);
  CHECK(dials[0].address == closed.address());
  CHECK_FALSE(dials[0].connected);
  CHECK(dials[0].why == "connection refused");
  CHECK(dials[0].tries > 0);
  CHECK(dials[0].next_try_ms >= 0);
  // libzmq adds up to the shortest pause by chance.
  CHECK(dials[0].next_try_ms <= (Redial::kPauseMax + Redial::kPauseMin).count());
  // The pause begins anew after each attempt.
  CHECK(eventually([&] { return here->dials()[0].next_try_ms > 0; }));
  CHECK(dials[1].address == there->endpoint());
  CHECK(dials[1].connected);
  CHECK(dials[1].why.empty());
  CHECK(dials[1].away_ms == 0);
  CHECK(dials[1].next_try_ms == -1);
}

TEST_CASE("without keys, one learns that a leader with keys is not for it") {
  const OwnKeys own = make_keys("eu");
  const KnownKey known{
      .region = own.region, .curve = own.curve_public, .signing = own.signing_public};
  ZmqOptions options{.listen = "tcp://127.0.0.1:*", .peers = {}};
  options.keys = std::make_shared<const Keys>(Keys{own, {known}});
  const auto keyed = open_zmq_transport(options).value_or_raise();
  const auto keyless =
      open_zmq_transport({.listen = {}, .peers = {keyed->endpoint()}}).value_or_raise();
  REQUIRE(eventually([&] { return keyless->dials()[0].why.find("keys") != std::string::npos; }));
  CHECK_FALSE(keyless->dials()[0].connected);
}

TEST_CASE("a far side that hangs up once in the handshake may be ending, and gets no warning") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener, raw, size) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  REQUIRE(::getsockname(listener, raw, &size) == 0);
  std::unique_ptr<Transport> dialler;
  int second = -1;
  const std::string once = test::printed([&] {
    const std::string there = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    dialler = open_zmq_transport({.listen = {}, .peers = {there}}).value_or_raise();
    ::close(::accept(listener, nullptr, nullptr));
    second = ::accept(listener, nullptr, nullptr);  // The dialler has seen the end of the first.
  });
  CHECK(once.empty());
  CHECK(dialler->dials()[0].tries == 1);
  const std::string again = test::printed([&] {
    ::close(second);
    CHECK(eventually([&] { return dialler->dials()[0].tries == 2; }));
  });
  CHECK(again.find("cannot reach tcp://127.0.0.1") != again.npos);
  CHECK(again.find("it hung up during the handshake") != again.npos);
  dialler.reset();
  ::close(listener);
}

TEST_CASE("a far side that takes connections and says nothing does not answer, and wants no keys") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener, raw, size) == 0);
  REQUIRE(::listen(listener, 8) == 0);  // The system accepts; no process does.
  REQUIRE(::getsockname(listener, raw, &size) == 0);
  const std::string there = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto dialler = open_zmq_transport({.listen = {}, .peers = {there}}).value_or_raise();
  CHECK(eventually([&] { return dialler->dials()[0].why.starts_with("no answer: "); }));
  CHECK(dialler->dials()[0].why.find("keys") == std::string::npos);
  ::close(listener);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::transport::absence_test
