// Connections: greetings that are accepted, and pauses.

#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "regions/exchange/links.h"

namespace anabranch::links_test {

using regions::Effects;
using regions::Greeting;
using regions::Link;
using regions::Links;
using regions::Message;

namespace {

constexpr core::Hash128 kMesh{1, 1};

Greeting greeting_of(const std::string& region, core::Origin origin, std::uint64_t nonce = 7) {
  return {Greeting::kProtocol, kMesh, region, origin, nonce, {}};
}

struct LinksWorld {
  Effects effects;
  Links links{effects};

  LinksWorld() { links.self() = {kMesh, "eu", 1, 5, false}; }
  // Whether a greeting on a link is accepted; then its peer is there.
  bool greet(regions::LinkId id, const Greeting& greeting) {
    Link& link = *links.find(id);
    if (!links.accepts(link, greeting)) return false;
    links.admit(link, greeting);
    return true;
  }
  [[nodiscard]] bool told_why() const {
    for (const regions::Effect& effect : effects) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      if (send != nullptr && std::holds_alternative<regions::Refusal>(send->message)) return true;
    }
    return false;
  }
};

}  // namespace

TEST_SUITE("regions: links") {
  TEST_CASE("a link leads to the peer that has greeted, until it is down") {
    LinksWorld world;
    world.links.up(1, "host:1", {});
    CHECK(world.links.peer_at(1) == nullptr);
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    CHECK(world.links.peer(1) == 2);
    CHECK(world.links.region(1) == "us");
    CHECK(world.links.usable(world.links.peers().at(2)));
    REQUIRE(world.links.down(1) != nullptr);
    CHECK(world.links.find(1) == nullptr);
    CHECK_FALSE(world.links.peers().at(2).connected());
    CHECK(world.links.down(1) == nullptr);
  }

  TEST_CASE("whose mesh, region or process is wrong is refused and told why, once in the log") {
    LinksWorld world;
    world.links.up(1, {}, "us");
    Greeting other_mesh = greeting_of("us", 2);
    other_mesh.mesh = {1, 2};
    CHECK_FALSE(world.greet(1, other_mesh));
    CHECK(world.told_why());
    CHECK_FALSE(world.greet(1, greeting_of("ap", 2)));
    CHECK_FALSE(world.greet(1, greeting_of("us", 1, 5)));  // This leader itself.
    CHECK(world.links.refused_greetings() == 1);
    CHECK(world.links.peers().empty());
    CHECK(world.greet(1, greeting_of("us", 2)));
  }

  TEST_CASE("another protocol is refused without a message that could not be read") {
    LinksWorld world;
    world.links.up(1, {}, {});
    Greeting newer = greeting_of("us", 2);
    newer.protocol = Greeting::kProtocol + 1;
    CHECK_FALSE(world.greet(1, newer));
    CHECK(world.links.speaks_otherwise(1));
    CHECK_FALSE(world.told_why());
  }

  TEST_CASE("of a process that was started anew nothing is known, and its former links are gone") {
    LinksWorld world;
    world.links.up(1, {}, {});
    world.links.up(2, {}, {});
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    world.links.peers().at(2).applied = {{2, 5}};
    REQUIRE(world.greet(2, greeting_of("us", 2, 8)));
    CHECK(world.links.peers().at(2).applied.empty());
    CHECK(world.links.peer_at(1) == nullptr);
    CHECK(world.links.peer(2) == 2);
  }

  TEST_CASE("a new incarnation takes the place of the one that is gone") {
    LinksWorld world;
    world.links.up(1, {}, {});
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    REQUIRE(world.greet(1, greeting_of("us", 3, 8)));
    CHECK_FALSE(world.links.peers().contains(2));
    CHECK(world.links.peer(1) == 3);
  }

  TEST_CASE("messages of a peer's former origin come too late") {
    LinksWorld world;
    world.links.up(1, {}, {});
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    REQUIRE(world.greet(1, greeting_of("us", 3)));
    for (Message message : {Message(regions::Heartbeat{}), Message(regions::Ack{}),
                            Message(regions::History{9, 0, {}})}) {
      CHECK_FALSE(world.links.of_other_origin(1, message));  // An older version names no sender.
      regions::set_sender(message, 2);
      CHECK(world.links.of_other_origin(1, message));
      regions::set_sender(message, 3);
      CHECK_FALSE(world.links.of_other_origin(1, message));
    }
  }

  TEST_CASE("of two greetings of an opening that of more renewals counts, whichever comes first") {
    const auto renewed = [](core::Origin origin, std::uint64_t renewals, std::uint64_t nonce = 7) {
      Greeting greeting = greeting_of("us", origin, nonce);
      greeting.renewals = renewals;
      return greeting;
    };
    LinksWorld world;
    world.links.up(1, {}, {});
    REQUIRE(world.greet(1, renewed(3, 1)));
    CHECK_FALSE(world.greet(1, renewed(2, 0)));
    CHECK(world.links.peer(1) == 3);
    CHECK(world.greet(1, renewed(3, 1)));
    CHECK(world.greet(1, renewed(3, 2)));
    CHECK_FALSE(world.told_why());
    CHECK(world.greet(1, renewed(2, 0, 8)));  // Another opening fell back to a copy.
    CHECK(world.links.peer(1) == 2);
  }

  TEST_CASE("vectors and histories are sent with the origin that they belong to") {
    LinksWorld world;
    world.links.up(1, {}, {});
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    world.links.send(world.links.peers().at(2), regions::Ack{});
    REQUIRE(world.effects.size() == 1);
    CHECK(regions::sender_of(std::get<regions::Send>(world.effects[0]).message) == 1);
  }

  TEST_CASE("one leader more than so many is refused, until one of them is gone") {
    LinksWorld world;
    constexpr core::Origin kFirst = 2;
    for (core::Origin i = 0; i < Links::kPeersMax; ++i) {
      world.links.up(i + 1, {}, {});
      REQUIRE(world.greet(i + 1, greeting_of("r" + std::to_string(i), kFirst + i)));
    }
    const regions::LinkId link = Links::kPeersMax + 1;
    const Greeting more = greeting_of("more", kFirst + Links::kPeersMax);
    world.links.up(link, {}, {});
    CHECK_FALSE(world.greet(link, more));
    CHECK(world.links.find(link)->why_refused == "is one of too many leaders");
    CHECK(world.links.peers().size() == Links::kPeersMax);
    REQUIRE(world.links.down(1) != nullptr);
    CHECK(world.greet(link, more));
    CHECK(world.links.peers().size() == Links::kPeersMax);
  }

  TEST_CASE("a pause by one name of a peer ends by any other") {
    LinksWorld world;
    world.links.up(1, "host:1", {});
    CHECK_FALSE(world.links.pause("us"));
    REQUIRE(world.greet(1, greeting_of("us", 2)));
    const regions::Peer& us = world.links.peers().at(2);
    REQUIRE(world.links.pause("host:1"));
    CHECK(world.links.paused(us));
    CHECK_FALSE(world.links.usable(us));
    CHECK(world.links.resume("us"));
    CHECK(world.links.usable(us));
    CHECK_FALSE(world.links.resume("ap"));
  }
}

}  // namespace anabranch::links_test
