// Links with keys: peers that get in, peers that do not, and the effects on others.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/system/descriptor_shares.h"
#include "tests/transport/event_log.h"
#include "tests/transport/zmq/foreign_peer.h"
#include "transport/frame.h"
#include "transport/keys.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport::zmq_keys_test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::EventLog;
using test::ForeignDealer;
using test::port_of;
using test::RawConnection;

TEST_SUITE_BEGIN("transport: zmq keys");

namespace {

constexpr milliseconds kTimeout = seconds{30};

// The clock for the validity of keys.
using Wall = std::shared_ptr<std::atomic<Seconds>>;

KnownKey line_of(const OwnKeys& keys) {
  return {.region = keys.region, .curve = keys.curve_public, .signing = keys.signing_public};
}

SharedKeys hold(const OwnKeys& own, const std::vector<KnownKey>& known) {
  return std::make_shared<const Keys>(Keys{own, known});
}

std::unique_ptr<Transport> open(SharedKeys keys, const std::string& listen,
                                std::vector<std::string> peers = {}, const Wall& wall = nullptr) {
  ZmqOptions options{.listen = listen, .peers = std::move(peers)};
  options.keys = std::move(keys);
  if (wall) options.wall_clock = [wall] { return wall->load(); };
  return open_zmq_transport(options).value_or_raise();
}

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";

// Three regions that know each other's keys; eu listens.
struct World {
  OwnKeys eu_keys = make_keys("eu");
  OwnKeys us_keys = make_keys("us");
  OwnKeys ap_keys = make_keys("ap");
  std::vector<KnownKey> known{line_of(eu_keys), line_of(us_keys), line_of(ap_keys)};
  Wall wall = std::make_shared<std::atomic<Seconds>>(1000);
  std::unique_ptr<Transport> eu = open(hold(eu_keys, known), kAnyPort, {}, wall);
  EventLog at_eu{*eu};

  std::unique_ptr<Transport> dial(const OwnKeys& own) {
    return open(hold(own, known), {}, {"eu@" + eu->endpoint()}, wall);
  }
  // Whether a message passes both ways over a dialled link.
  bool passes(Transport& from, EventLog& at_from, LinkId link) {
    const std::string ping = "ping " + std::to_string(++count_);
    const std::size_t seen = at_eu.size();
    from.send(link, 0, ping);
    if (!at_eu.wait_body(ping, seen)) return false;
    eu->send(at_eu.events().back().link, 0, "pong for " + ping);
    return at_from.wait_body("pong for " + ping);
  }
  // Waits until eu has counted so many.
  bool counts(std::uint64_t TransportCounters::*field, std::uint64_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + kTimeout;
    while (eu->counters().*field < count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  int count_ = 0;
};

bool stays_down(EventLog& log) {
  const auto is_up = [](const Event& event) { return event.kind == Event::Kind::kUp; };
  return !log.wait(is_up, 0, milliseconds{300}).has_value();
}

}  // namespace

TEST_CASE("both sides of a link with keys learn who is at the other end") {
  World world;
  const auto us = world.dial(world.us_keys);
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  REQUIRE(link != 0);
  CHECK(at_us.events()[0].region == "eu");
  CHECK(at_us.events()[0].address == world.eu->endpoint());
  CHECK(world.passes(*us, at_us, link));
  CHECK(world.at_eu.events()[0].region == "us");
  const std::string large(10U << 20U, 'x');
  us->send(link, 1, large);
  CHECK(world.at_eu.wait_body(large));
}

TEST_CASE("an unknown key is refused and counted and others go on") {
  World world;
  const auto us = world.dial(world.us_keys);
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  const auto stranger = world.dial(make_keys("us"));
  EventLog at_stranger{*stranger};
  CHECK(world.counts(&TransportCounters::keys_unknown, 1));
  CHECK(stays_down(at_stranger));
  CHECK(world.passes(*us, at_us, link));
  CHECK(world.eu->counters().handshakes_failed == 0);
}

TEST_CASE("a key is refused before and after its time and cut when its time is over") {
  World world;
  world.known[1].not_before = 2000;
  world.known[1].not_after = 3000;
  world.eu->use_keys(hold(world.eu_keys, world.known));
  const auto us = world.dial(world.us_keys);
  EventLog at_us{*us};
  CHECK(world.counts(&TransportCounters::keys_expired, 1));
  CHECK(stays_down(at_us));
  *world.wall = 2000;
  const LinkId link = at_us.wait_up();
  REQUIRE(link != 0);
  CHECK(world.passes(*us, at_us, link));
  const std::uint64_t counted = world.eu->counters().keys_expired;
  *world.wall = 3000;
  CHECK(world.at_eu.wait_down() != 0);
  CHECK(at_us.wait_down() == link);
  CHECK(world.eu->counters().keys_expired > counted);
}

TEST_CASE("added keys work at once and removed ones are cut at once") {
  World world;
  const auto us = world.dial(world.us_keys);
  const auto ap = world.dial(world.ap_keys);
  EventLog at_us{*us};
  EventLog at_ap{*ap};
  const LinkId us_link = at_us.wait_up();
  const LinkId ap_link = at_ap.wait_up();
  REQUIRE(world.passes(*us, at_us, us_link));
  REQUIRE(world.passes(*ap, at_ap, ap_link));
  world.eu->use_keys(hold(world.eu_keys, {world.known[0], world.known[1]}));
  CHECK(world.at_eu.wait_down() != 0);
  CHECK(at_ap.wait_down() == ap_link);
  CHECK(world.passes(*us, at_us, us_link));
  const std::size_t seen = at_ap.size();
  world.eu->use_keys(hold(world.eu_keys, world.known));
  const LinkId again = at_ap.wait_up(seen);
  REQUIRE(again != 0);
  CHECK(world.passes(*ap, at_ap, again));
  CHECK(world.passes(*us, at_us, us_link));
}

TEST_CASE("a region may have two keys and changes from one to the other") {
  World world;
  const OwnKeys newer = make_keys("eu");
  std::vector<KnownKey> known = world.known;
  known.insert(known.begin(), line_of(newer));  // us tries the newer one first.
  const auto us = open(hold(world.us_keys, known), {}, {"eu@" + world.eu->endpoint()});
  EventLog at_us{*us};
  const LinkId old_link = at_us.wait_up();
  REQUIRE(old_link != 0);
  CHECK(world.passes(*us, at_us, old_link));
  const std::string address = world.eu->endpoint();
  world.eu.reset();
  CHECK(at_us.wait_down() == old_link);
  const std::size_t seen = at_us.size();
  const auto eu = open(hold(newer, known), address);
  EventLog at_eu{*eu};
  const LinkId new_link = at_us.wait_up(seen);
  REQUIRE(new_link != 0);
  us->send(new_link, 0, "hello");
  CHECK(at_eu.wait_body("hello"));
}

TEST_CASE("who dials a region meets nobody who has not its key") {
  World world;
  SUBCASE("another region") {
    const auto us = open(hold(world.us_keys, world.known), {}, {"ap@" + world.eu->endpoint()});
    EventLog at_us{*us};
    CHECK(world.counts(&TransportCounters::handshakes_failed, 1));
    CHECK(stays_down(at_us));
  }
  SUBCASE("a leader without keys") {
    const auto plain = open(nullptr, kAnyPort);
    const auto us = open(hold(world.us_keys, world.known), {}, {"eu@" + plain->endpoint()});
    EventLog at_us{*us};
    CHECK(stays_down(at_us));
    CHECK(plain->counters().frames_received == 0);
  }
  SUBCASE("a region of which no key is known") {
    const auto us = open(hold(world.us_keys, world.known), {}, {"xx@" + world.eu->endpoint()});
    EventLog at_us{*us};
    CHECK(stays_down(at_us));
  }
}

TEST_CASE("plain text and rubbish do not get past a listener with keys") {
  World world;
  const auto us = world.dial(world.us_keys);
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  REQUIRE(world.passes(*us, at_us, link));
  const std::size_t seen = world.at_eu.size();
  const std::uint16_t port = port_of(world.eu->endpoint());
  {
    const auto plain = open(nullptr, {}, {world.eu->endpoint()});
    EventLog at_plain{*plain};
    CHECK(world.counts(&TransportCounters::handshakes_failed, 1));
    CHECK(stays_down(at_plain));
  }
  for (const std::string& bytes :
       {std::string(1000, '\xff'), std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        std::string{"\x01\x02\x03"}, std::string()}) {  // The last two end at the timeout.
    const std::uint64_t before = world.eu->counters().handshakes_failed;
    const RawConnection connection{port};
    if (!bytes.empty()) connection.send(bytes);
    CHECK(connection.wait_closed(kTimeout));
    CHECK(world.counts(&TransportCounters::handshakes_failed, before + 1));
  }
  CHECK(world.passes(*us, at_us, link));
  CHECK(world.at_eu.size() == seen + 1);
  CHECK(world.eu->counters().frames_rejected == 0);
}

TEST_CASE("without keys at both ends the region that was named must only be told") {
  const auto eu = open(nullptr, kAnyPort);
  const auto us = open(nullptr, {}, {"eu@" + eu->endpoint()});
  EventLog at_us{*us};
  REQUIRE(at_us.wait_up() != 0);
  CHECK(at_us.events()[0].region == "eu");
}

TEST_CASE("with keys a peer must say its region") {
  World world;
  ZmqOptions options{.listen = {}, .peers = {"tcp://127.0.0.1:7400"}};
  options.keys = hold(world.us_keys, world.known);
  const auto opened = open_zmq_transport(options);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.failure().code == ErrorCode::kInvalid);
  CHECK(opened.failure().message.find("REGION@tcp://127.0.0.1:7400") != std::string::npos);
}

// A part of a message that announces another one is kept by libzmq until the last one comes, and
// none of its limits counts them.
TEST_CASE("a message without end is cut and others go on") {
  const auto eu = open(nullptr, kAnyPort);
  EventLog at_eu{*eu};
  const ForeignDealer dealer{port_of(eu->endpoint())};
  const std::string part(1U << 20U, 'x');
  const auto deadline = std::chrono::steady_clock::now() + kTimeout;
  std::size_t parts = 0;
  while (dealer.send_unfinished(part) && std::chrono::steady_clock::now() < deadline) ++parts;
  CHECK(parts >= 4);
  const auto is_counted = [&] { return eu->counters().messages_endless == 1; };
  while (!is_counted() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(is_counted());
  const auto us = open(nullptr, {}, {eu->endpoint()});
  EventLog at_us{*us};
  us->send(at_us.wait_up(), 0, "hello");
  CHECK(at_eu.wait_body("hello"));
}

TEST_CASE("a frame that says it is endless is refused by its head") {
  const auto eu = open(nullptr, kAnyPort);
  const ForeignDealer dealer{port_of(eu->endpoint())};
  dealer.connection().send(std::string{"\x02\x7f\xff\xff\xff\xff\xff\xff\xff and so on", 19});
  CHECK(dealer.connection().wait_closed(kTimeout));
}

TEST_CASE("too many connections end the oldest that is no link, and none that has just come") {
  const auto eu = open(nullptr, kAnyPort);
  EventLog at_eu{*eu};
  const auto us = open(nullptr, {}, {eu->endpoint()});
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  us->send(link, 0, "first");
  REQUIRE(at_eu.wait_body("first"));
  const std::uint16_t port = port_of(eu->endpoint());
  std::vector<std::unique_ptr<RawConnection>> idle;
  const std::size_t most = core::port_share(core::descriptor_limit());
  for (std::size_t i = 0; i < most + 10; ++i) {
    idle.push_back(std::make_unique<RawConnection>(port));
  }
  CHECK(idle.back()->wait_closed(kTimeout));
  // Later ones come to nothing until the first ones have been here for two seconds.
  const auto begun = std::chrono::steady_clock::now();
  while (!idle.front()->wait_closed(std::chrono::milliseconds(50))) {
    REQUIRE(std::chrono::steady_clock::now() - begun < kTimeout);
    idle.push_back(std::make_unique<RawConnection>(port));
  }
  us->send(link, 0, "second");
  CHECK(at_eu.wait_body("second"));
  CHECK(eu->counters().connections_excess >= 1);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::zmq_keys_test
