// Healthy links over ZeroMQ, and how opening fails.
#include "transport/zmq/zmq_transport.h"

#include <poll.h>

#include <doctest/doctest.h>

#include "tests/transport/event_log.h"
#include "transport/apart_inbox.h"

namespace anabranch::transport::zmq_transport_test {

using test::EventLog;

TEST_SUITE_BEGIN("transport: zmq");

namespace {

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

std::unique_ptr<Transport> open(const std::string& listen, std::vector<std::string> peers = {}) {
  return open_zmq_transport({.listen = listen, .peers = std::move(peers)}).value_or_raise();
}

std::vector<std::string> bodies(const EventLog& log) {
  std::vector<std::string> all;
  for (const Event& event : log.events()) {
    if (event.kind == Event::Kind::kMessage) all.push_back(event.body);
  }
  return all;
}

}  // namespace

TEST_CASE("messages go both ways over one dialled connection") {
  const auto eu = open(kAnyPort);
  const auto us = open({}, {eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  CHECK(us->endpoint().empty());
  const LinkId link = at_us.wait_up();
  REQUIRE(link != 0);
  CHECK(at_us.events()[0].address == eu->endpoint());
  us->send(link, 7, "hello");
  const LinkId accepted = at_eu.wait_up();
  REQUIRE(accepted != 0);
  CHECK(at_eu.events()[0].address.empty());
  REQUIRE(at_eu.wait_body("hello"));
  CHECK(at_eu.events().back().message_kind == 7);
  CHECK(at_eu.events().back().link == accepted);
  eu->send(accepted, 8, "and you");
  REQUIRE(at_us.wait_body("and you"));
  CHECK(at_us.events().back().message_kind == 8);
  CHECK(us->counters().frames_sent == 1);
  CHECK(us->counters().frames_received == 1);
  CHECK(us->counters().bytes_received == 16 + 7);
  CHECK(us->counters().frames_rejected == 0);
}

TEST_CASE("messages of the kind that goes apart are not among the others") {
  const auto eu =
      open_zmq_transport({.listen = kAnyPort, .peers = {}, .apart_kind = 17}).value_or_raise();
  const auto us = open({}, {eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 17, std::string(ApartInbox::kBodyBytesMax + 1, 'x'));
  us->send(link, 17, "apart");
  us->send(link, 7, "other");
  REQUIRE(at_eu.wait_body("other"));
  pollfd readable{eu->apart_fd(), POLLIN, 0};
  REQUIRE(::poll(&readable, 1, 10'000) == 1);
  const std::vector<Event> apart = eu->receive_apart(10);
  REQUIRE(apart.size() == 1);
  CHECK(apart[0].body == "apart");
  CHECK(apart[0].message_kind == 17);
  CHECK(apart[0].link == at_eu.events()[0].link);
  CHECK((bodies(at_eu) == std::vector<std::string>{"other"}));
  CHECK(eu->counters().apart_dropped == 1);
}

TEST_CASE("messages of all sizes arrive complete and in order") {
  const auto eu = open(kAnyPort);
  const auto us = open({}, {eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  std::vector<std::string> sent;
  for (const std::size_t size : {0, 1, 4096, 5000, 1 << 20, (1 << 20) + 1, 3, 10 << 20, 0}) {
    sent.emplace_back(size, static_cast<char>('a' + sent.size()));
    us->send(link, 1, sent.back());
  }
  REQUIRE(at_eu.wait_messages(sent.size()));
  CHECK((bodies(at_eu) == sent));
}

TEST_CASE("links that compress send fewer bytes, and others understand them") {
  const auto eu = open(kAnyPort);
  const auto us =
      open_zmq_transport(
          {.listen = {}, .peers = {eu->endpoint()}, .compression = Compression::kAlways})
          .value_or_raise();
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const std::string large(3 << 20, 'a');
  const LinkId link = at_us.wait_up();
  us->send(link, 1, large);
  REQUIRE(at_eu.wait_body(large));
  eu->send(at_eu.wait_up(), 2, large);
  REQUIRE(at_us.wait_body(large));
  CHECK(us->counters().bytes_sent < large.size() / 100);
  us->send(link, 3, "again");
  REQUIRE(at_eu.wait_body("again"));  // Before it takes this in, its thread counts what it sent.
  CHECK(eu->counters().bytes_sent > large.size());  // Does not leave this machine.
}

TEST_CASE("a healthy link loses none of 20000 messages and keeps their order") {
  constexpr std::size_t kCount = 20'000;
  const auto eu = open(kAnyPort);
  const auto us = open({}, {eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 0, "0");
  const LinkId accepted = at_eu.wait_up();
  for (std::size_t i = 1; i < kCount; ++i) {
    us->send(link, 0, std::to_string(i));
    eu->send(accepted, 0, std::to_string(i));
  }
  REQUIRE(at_eu.wait_messages(kCount));
  REQUIRE(at_us.wait_messages(kCount - 1));
  const auto east = bodies(at_eu);
  const auto west = bodies(at_us);
  for (std::size_t i = 1; i < kCount; ++i) {
    REQUIRE(east[i] == std::to_string(i));
    REQUIRE(west[i - 1] == std::to_string(i));
  }
}

TEST_CASE("a full inbox stops the handling of messages and loses none") {
  constexpr std::size_t kCount = 200;
  const auto eu = open(kAnyPort);
  const auto us = open({}, {eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 0, "first");
  const LinkId accepted = at_eu.wait_up();
  for (std::size_t i = 0; i < kCount; ++i) us->send(link, 0, std::string(1U << 20U, 'x'));
  // The answer shows that eu goes on sending although its application takes nothing.
  eu->send(accepted, 0, "sent while full");
  CHECK(at_us.wait_body("sent while full"));
  CHECK(at_eu.wait_messages(kCount + 1));
  CHECK(eu->counters().frames_received > kCount);
}

TEST_CASE("two leaders may dial each other and then have two links") {
  const auto eu = open(kAnyPort);
  const auto us = open(kAnyPort, {eu->endpoint()});
  const auto ap = open({}, {eu->endpoint(), us->endpoint()});
  EventLog at_ap{*ap};
  const LinkId first = at_ap.wait_up();
  const LinkId second = at_ap.wait_up(1);
  CHECK(first != 0);
  CHECK(second != 0);
  CHECK(first != second);
}

TEST_CASE("the port that was asked as any port is told") {
  for (const std::string address : {"tcp://127.0.0.1:*", "tcp://127.0.0.1:0"}) {
    const auto eu = open(address);
    CHECK(eu->endpoint().starts_with("tcp://127.0.0.1:"));
    CHECK(std::stoi(eu->endpoint().substr(16)) > 0);
  }
}

TEST_CASE("a port in use is refused as busy and the address is named") {
  const auto eu = open(kAnyPort);
  const auto second = open_zmq_transport({.listen = eu->endpoint(), .peers = {}});
  REQUIRE_FALSE(second.ok());
  CHECK(second.failure().code == ErrorCode::kBusy);
  CHECK(second.failure().message.find(eu->endpoint()) != std::string::npos);
}

TEST_CASE("malformed addresses are refused before anything is opened") {
  for (const std::string address : {"nonsense", "tcp://127.0.0.1:99999", "udp://127.0.0.1:1"}) {
    CAPTURE(address);
    const auto listening = open_zmq_transport({.listen = address, .peers = {}});
    const auto dialling = open_zmq_transport({.listen = {}, .peers = {address}});
    for (const auto* result : {&listening, &dialling}) {
      REQUIRE_FALSE(result->ok());
      CHECK(result->failure().code == ErrorCode::kInvalid);
      CHECK(result->failure().message.find(address) != std::string::npos);
    }
  }
}

TEST_CASE("an address of another machine cannot be listened on") {
  const auto result = open_zmq_transport({.listen = "tcp://192.0.2.1:7400", .peers = {}});
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure().code == ErrorCode::kInvalid);
  CHECK(result.failure().message.find("tcp://192.0.2.1:7400") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::zmq_transport_test
