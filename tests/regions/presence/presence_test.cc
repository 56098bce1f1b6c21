// Messages of presence over linked replicas: who hears them, how often, and what they cost.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>

#include "tests/regions/linked_nodes.h"

namespace anabranch::presence_test {

using core::Millis;
using regions::Greeting;
using regions::Heard;
using regions::LinkId;
using regions::Presence;
using regions::PresenceExchange;
using test::LinkedNodes;
using test::Node;

namespace {

// `count` regions, each linked with the next.
void line(LinkedNodes& nodes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    nodes.add(std::make_unique<Node>("r" + std::to_string(i), i + 1));
    if (i > 0) nodes.connect(i - 1, i);
  }
}

const PresenceStatus& counts(LinkedNodes& nodes, std::size_t at) {
  return nodes.at(at).replica().presence().counts();
}

// A replica with one peer, whose messages the test makes up.
struct OnePeer {
  static constexpr LinkId kLink = 7;
  static constexpr std::uint64_t kNonce = 2;

  Node eu{"eu", 1};

  explicit OnePeer(std::uint64_t kinds = regions::kMessageKinds) {
    eu.replica().link_up(kLink, {}, 0);
    eu.replica().step(kLink,
                      Greeting{.mesh = {1, 1},
                               .region = "us",
                               .origin = 2,
                               .nonce = kNonce,
                               .applied = {},
                               .kinds = kinds},
                      0);
    eu.replica().effects().clear();
  }
  void hear(Presence message, Millis now = 0) { eu.replica().step(kLink, std::move(message), now); }
  void publish(std::string body, Millis now = 0) {
    eu.replica().publish("channel", std::move(body), 0, now);
  }
  template <typename Kind>
  std::size_t effects() {
    return static_cast<std::size_t>(std::ranges::count_if(
        eu.replica().effects(),
        [](const regions::Effect& each) { return std::holds_alternative<Kind>(each); }));
  }
  const PresenceStatus& counts() { return eu.replica().presence().counts(); }
};

Presence message_of(std::uint64_t opening, std::uint64_t number) {
  return {.opening = opening,
          .number = number,
          .hops = 1,
          .region = "us",
          .channel = "channel",
          .body = "body"};
}

}  // namespace

TEST_SUITE("regions: presence") {
  TEST_CASE("in a line of three the far end hears a message, with the bytes that were sent") {
    LinkedNodes nodes;
    line(nodes, 3);
    const std::string body("\0\xFF body", 7);
    nodes.publish(0, "board/7", body);
    CHECK(nodes.heard(0).empty());
    for (const std::size_t at : {1U, 2U}) {
      REQUIRE(nodes.heard(at).size() == 1);
      CHECK(nodes.heard(at)[0].channel == "board/7");
      CHECK(nodes.heard(at)[0].body == body);
      CHECK(nodes.heard(at)[0].region == "r0");
    }
    CHECK(nodes.sent(Presence::kKind) == 2);
  }

  TEST_CASE("in a ring each hears a message once, and none goes round") {
    LinkedNodes nodes;
    line(nodes, 5);
    nodes.connect(4, 0);
    nodes.publish(0, "c", "one");
    nodes.run(5'000);
    for (std::size_t at = 1; at < 5; ++at) CHECK(nodes.heard(at).size() == 1);
    CHECK(nodes.heard(0).empty());
    // Over each link at most once in each direction, and never back to its publisher.
    CHECK(nodes.sent(Presence::kKind) <= 8);
    CHECK(counts(nodes, 2).repeated + counts(nodes, 3).repeated > 0);
  }

  TEST_CASE("where each is linked with each, all hear all messages once") {
    LinkedNodes nodes;
    nodes.mesh(4);
    for (int round = 0; round < 20; ++round) {
      for (std::size_t at = 0; at < 4; ++at) nodes.publish(at, "c", std::to_string(round));
      nodes.run(100);
    }
    for (std::size_t at = 0; at < 4; ++at) {
      CHECK(nodes.heard(at).size() == 60);
      CHECK(counts(nodes, at).published == 20);
      CHECK(counts(nodes, at).heard == 60);
      CHECK(counts(nodes, at).held_up == 0);
      CHECK(counts(nodes, at).excess == 0);
    }
  }

  TEST_CASE("a follower hears messages, and passes them on") {
    LinkedNodes nodes;
    nodes.add(std::make_unique<Node>("us", 1));
    nodes.add(std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                             .region = "eu",
                                                             .fresh_origin = 2,
                                                             .nonce = std::uint64_t{1} << 50U,
                                                             .follows = true},
                                     nullptr, 0));
    nodes.add(std::make_unique<Node>("ap", 3));
    nodes.connect(0, 1);
    nodes.connect(1, 2);
    nodes.publish(0, "c", "from a leader");
    nodes.publish(1, "c", "from a follower");
    CHECK(nodes.heard(1).size() == 1);
    CHECK(nodes.heard(2).size() == 2);
    CHECK(nodes.heard(0).size() == 1);
  }

  TEST_CASE("a message goes over sixteen links and no further") {
    LinkedNodes nodes;
    line(nodes, 19);
    nodes.publish(0, "c", "far");
    CHECK(nodes.heard(16).size() == 1);
    CHECK(nodes.heard(16)[0].hops == Presence::kHopsMax);
    CHECK(nodes.heard(17).empty());
    CHECK(counts(nodes, 16).far == 1);
  }

  TEST_CASE("messages change no row, write no log and send no batch") {
    LinkedNodes nodes;
    nodes.mesh(2);
    nodes.run(3'000);
    const auto position = nodes.at(1).storage().last_position();
    const auto digest = nodes.at(1).digest();
    const auto batches = nodes.batches_sent();
    for (int i = 0; i < 100; ++i) {
      nodes.publish(0, "c", "body");
      nodes.run(100);
    }
    CHECK(nodes.heard(1).size() == 100);
    CHECK(nodes.at(1).storage().last_position() == position);
    CHECK(nodes.at(1).digest() == digest);
    CHECK(nodes.batches_sent() == batches);
  }

  TEST_CASE("a lost message is not sent again, and costs no other") {
    LinkedNodes nodes;
    nodes.mesh(2);
    nodes.lose(Presence::kKind, 1);
    nodes.publish(0, "c", "lost");
    nodes.publish(0, "c", "heard");
    nodes.run(5'000);
    REQUIRE(nodes.heard(1).size() == 1);
    CHECK(nodes.heard(1)[0].body == "heard");
  }

  TEST_CASE("a process that starts again is heard at once") {
    LinkedNodes nodes;
    nodes.mesh(2);
    for (int i = 0; i < 5; ++i) nodes.publish(0, "c", "before");
    nodes.replace(0, std::make_unique<Node>("r0", 1));
    nodes.run(2'000);
    nodes.publish(0, "c", "after");
    CHECK(nodes.heard(1).size() == 6);
  }

  TEST_CASE("with a paused peer no message is exchanged") {
    LinkedNodes nodes;
    nodes.mesh(2);
    REQUIRE(nodes.at(0).replica().pause("r1"));
    nodes.publish(0, "c", "to the paused one");
    nodes.publish(1, "c", "from the paused one");
    CHECK(nodes.heard(0).empty());
    CHECK(nodes.heard(1).empty());
    REQUIRE(nodes.at(0).replica().resume("r1"));
    nodes.publish(1, "c", "again");
    CHECK(nodes.heard(0).size() == 1);
  }

  TEST_CASE("a peer of a version that does not know the message gets none") {
    OnePeer older(Greeting::kKindsUntold);
    older.publish("body");
    CHECK(older.eu.replica().effects().empty());
    OnePeer newer(regions::kMessageKinds + 1);
    newer.publish("body");
    CHECK(newer.effects<regions::Send>() == 1);
  }

  TEST_CASE("a message that is over five seconds old is dropped") {
    OnePeer world;
    Presence message = message_of(9, 1);
    message.age_ms = PresenceExchange::kAgeMsMax;
    world.hear(message);
    CHECK(world.effects<Heard>() == 1);
    message.number = 2;
    message.age_ms = PresenceExchange::kAgeMsMax + 1;
    world.hear(message);
    CHECK(world.effects<Heard>() == 1);
    CHECK(world.counts().old == 1);
    world.eu.replica().publish("c", "held too long", PresenceExchange::kAgeMsMax + 1, 0);
    CHECK(world.counts().old == 2);
    CHECK(world.effects<regions::Send>() == 0);
  }

  TEST_CASE("a message that a link has held for over five seconds is dropped") {
    OnePeer world;
    Presence message = message_of(9, 1);
    message.sent_ms = 1'000'000;
    world.hear(message, 100);
    message.number = 2;
    message.sent_ms += 2'000;
    world.hear(message, 100 + 2'000 + 5'000);  // So long beyond the first one's time.
    message.number = 3;
    world.hear(message, 100 + 2'000 + 5'001);
    CHECK(world.effects<Heard>() == 2);
    CHECK(world.counts().old == 1);
  }

  TEST_CASE("a peer that sends too much is heard as far as its bound") {
    OnePeer world;
    constexpr std::uint64_t kMost = regions::PresenceLink::kIn.messages;
    for (std::uint64_t number = 1; number <= kMost + 500; ++number) {
      world.hear(message_of(9, number));
    }
    CHECK(world.counts().received == kMost + 500);
    CHECK(world.counts().heard == kMost);
    CHECK(world.counts().excess == 500);
    CHECK(world.effects<regions::Reject>() == 0);
  }

  TEST_CASE("messages in the name of this leader, or of a flood of others, are dropped") {
    OnePeer world;
    world.hear(message_of(world.eu.nonce(), 1));
    CHECK(world.effects<Heard>() == 0);
    CHECK(world.counts().repeated == 1);
    for (std::uint64_t opening = 1; opening <= 1'500; ++opening) {
      world.hear(message_of(1'000'000 + opening, 1));
    }
    CHECK(world.counts().heard == regions::SeenMessages::kOpeningsMax);
    CHECK(world.counts().crowded == 1'500 - regions::SeenMessages::kOpeningsMax);
  }

  TEST_CASE("a message of somebody who has not greeted is dropped") {
    OnePeer world;
    world.eu.replica().link_up(8, {}, 0);
    world.eu.replica().effects().clear();
    world.eu.replica().step(8, message_of(9, 1), 0);
    CHECK(world.eu.replica().effects().empty());
  }

  TEST_CASE("a peer that does not show to have heard gets a bounded number of bytes") {
    OnePeer world;
    for (int i = 0; i < 100; ++i) world.publish(std::string(Presence::kBodyBytesMax, 'x'));
    CHECK(world.effects<regions::Send>() ==
          regions::BytesUnderWay::kBytesMax / (Presence::kBodyBytesMax + 100));
    CHECK(world.counts().sent + world.counts().held_up == 100);
  }

  TEST_CASE("a leader whose commit has failed sends and hears none") {
    OnePeer world;
    world.eu.replica().close_for_writes({ErrorCode::kIo, "the disk is gone"});
    world.publish("body");
    world.hear(message_of(9, 1));
    CHECK(world.effects<regions::Send>() == 0);
    CHECK(world.effects<Heard>() == 0);
  }
}

}  // namespace anabranch::presence_test
