// What a replica knows of its links for an operator: the round trip, what was sent and has come,
// and when a peer was last known to have equal rows.

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "core/batch.h"
#include "tests/regions/linked_nodes.h"
#include "tests/regions/origins.h"

namespace anabranch::link_figures_test {

using regions::Echo;
using regions::Heartbeat;
using regions::LinkId;
using test::kUs;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr LinkId kLink = 7;

void put(LinkedNodes& nodes, std::size_t at, const char* key) {
  nodes.write(at, [&](regions::Group& group) { group.put({"\1", key, "s"}, "v"); });
}

constexpr std::uint64_t kNonce = 2;

void greet(Node& node, core::Origin origin = kUs, std::uint64_t nonce = kNonce) {
  node.replica().step(
      kLink, regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "us", origin, nonce, {}}, 0);
}

void meet(Node& node) {
  node.replica().link_up(kLink, {}, 0);
  greet(node);
}

// A heartbeat that shows the rows of a node as those of its peer.
Heartbeat same_as(Node& node) {
  Heartbeat beat;
  beat.applied = node.vector();
  beat.chains = node.replica().applied().chains();
  beat.digest = node.digest();
  beat.sender = kUs;
  return beat;
}

const regions::Peer& peer_of(LinkedNodes& nodes, std::size_t at, std::size_t other) {
  return nodes.at(at).replica().exchange().peers().at(nodes.at(other).origin());
}

std::optional<core::Millis> round_trip_of(Node& node) {
  return node.replica().exchange().links().find(kLink)->round_trip_ms;
}

}  // namespace

TEST_SUITE("regions: figures of links") {
  TEST_CASE(
      "the round trip is that of the last heartbeat with an echo, less the time it was held") {
    Node eu("eu", 1);
    meet(eu);
    CHECK_FALSE(round_trip_of(eu));
    Heartbeat beat = same_as(eu);
    eu.replica().step(kLink, beat, 1'000);
    CHECK_FALSE(round_trip_of(eu));
    beat.echo = Echo{.sent_ms = 1'000, .held_ms = 300};
    eu.replica().step(kLink, beat, 1'450);
    CHECK(round_trip_of(eu) == 150);
    beat.echo = Echo{.sent_ms = 2'000, .held_ms = 500};
    eu.replica().step(kLink, beat, 2'580);
    CHECK(round_trip_of(eu) == 80);
    // Impossible: it was held for longer than it has been away.
    beat.echo = Echo{.sent_ms = 2'000, .held_ms = 5'000};
    eu.replica().step(kLink, beat, 3'000);
    CHECK(round_trip_of(eu) == 80);
  }

  TEST_CASE("a heartbeat is echoed also when its sender goes on under another origin") {
    Node eu("eu", 1);
    meet(eu);
    const auto echo = [&] { return eu.replica().exchange().links().find(kLink)->echo(1'300); };
    eu.replica().step(kLink, same_as(eu), 1'000);
    REQUIRE(echo());
    CHECK(echo()->held_ms == 300);
    greet(eu, kUs + 1);
    CHECK(echo());
    greet(eu, kUs + 1, kNonce + 1);  // Another process has another clock.
    CHECK_FALSE(echo());
  }

  TEST_CASE("a peer is equal as of the last heartbeat with the same vector and the same digest") {
    Node eu("eu", 1);
    meet(eu);
    const auto equal_ms = [&] { return eu.replica().background().verifier().equal_ms(kUs); };
    CHECK_FALSE(equal_ms());
    eu.replica().step(kLink, same_as(eu), 1'000);
    CHECK(equal_ms() == 1'000);
    const Heartbeat before = same_as(eu);
    eu.write(1'500, [](regions::Group& group) { group.put({"\1", "key", "s"}, "v"); });
    eu.replica().step(kLink, before, 2'000);  // The peer lacks the write.
    CHECK(equal_ms() == 1'000);
    Heartbeat without = same_as(eu);
    without.digest.reset();
    eu.replica().step(kLink, without, 3'000);
    CHECK(equal_ms() == 1'000);
    Heartbeat other = same_as(eu);
    other.digest = core::Hash128{1, 2};
    eu.replica().step(kLink, other, 4'000);
    CHECK(equal_ms() == 1'000);
    eu.replica().step(kLink, same_as(eu), 5'000);
    CHECK(equal_ms() == 5'000);
    CHECK_FALSE(eu.replica().background().verifier().equal_ms(3));
  }

  TEST_CASE(
      "ops are counted where they are sent and where they come, and nothing stays under way") {
    LinkedNodes nodes;
    nodes.mesh(2);
    REQUIRE(nodes.run_until_equal(5'000));
    const std::uint64_t sent = peer_of(nodes, 0, 1).out.ops_sent();
    const std::uint64_t received = peer_of(nodes, 1, 0).in.ops;
    CHECK(sent == received);
    for (const char* key : {"a", "b", "c"}) put(nodes, 0, key);
    nodes.run(2'000);
    CHECK(peer_of(nodes, 0, 1).out.ops_sent() == sent + 3);
    CHECK(peer_of(nodes, 1, 0).in.ops == received + 3);
    CHECK(peer_of(nodes, 0, 1).out.bytes_under_way() == 0);
    CHECK(peer_of(nodes, 0, 1).durable.includes(nodes.at(0).vector()));
    CHECK(nodes.at(0).replica().background().verifier().equal_ms(nodes.at(1).origin()).has_value());
  }
}

}  // namespace anabranch::link_figures_test
