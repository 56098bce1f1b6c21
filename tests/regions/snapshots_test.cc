// Snapshots between leaders: until when one is waited for, and what is known of one under way.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

using namespace anabranch;
using core::Path;
using regions::SnapshotLimits;
using test::LinkedNodes;

namespace {

constexpr core::Millis kPatienceMs = SnapshotLimits().patience_ms;
constexpr std::size_t kForEver = 1'000'000;

void put(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  nodes.write(index, [&](regions::Group& group) { group.put(Path{"\1", key, "s"}, "v"); });
}

}  // namespace

TEST_SUITE("regions: snapshots") {
  TEST_CASE("a silent source is not waited for any more when all that it has has come otherwise") {
    LinkedNodes nodes;
    nodes.mesh(2);
    nodes.run(3'000);
    nodes.lose(regions::kind_of(regions::SnapshotChunk{}), kForEver);
    nodes.at(1).replica().ask_for_snapshot(nodes.at(0).origin(), nodes.now());
    SUBCASE("all that it has has come") {
      put(nodes, 0, "k");
      nodes.run(kPatienceMs - 5'000);
      REQUIRE(nodes.at(1).vector() == nodes.at(0).vector());
      CHECK(nodes.at(1).replica().snapshots().receiving());
      nodes.run(10'000);
      CHECK_FALSE(nodes.at(1).replica().snapshots().receiving());
    }
    SUBCASE("something has not") {
      nodes.lose(regions::kind_of(regions::BatchMessage{}), kForEver);
      put(nodes, 0, "k");
      nodes.run(2 * kPatienceMs);
      REQUIRE(nodes.at(1).vector() != nodes.at(0).vector());
      CHECK(nodes.at(1).replica().snapshots().receiving());
    }
  }
}
