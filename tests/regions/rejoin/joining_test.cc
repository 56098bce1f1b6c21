// A leader that gives way takes the rows of another one, and writes again what only it has.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>

#include "regions/rejoin/rejoin.h"
#include "tests/regions/snapshot/snapshot_pair.h"

namespace anabranch::joining_test {

using core::Origin;
using regions::Rejoin;
using regions::RejoinState;
using test::Parts;
using Pair = test::SnapshotPair;

namespace {

constexpr Origin kEu = Pair::kEu;
constexpr Origin kUs = Pair::kUs;

// Both have the first write of eu; then histories part.
struct JoiningWorld : Pair {
  std::set<Origin> history_replaced;
  std::string failure;

  JoiningWorld() {
    us.greet(1, "eu", kEu);
    us.take(eu.put("common", "1"));
    eu.put("own", "2");
    eu.put("us3", "3");
    eu.state.identity().previous = kEu;
    eu.state.identity().origin = 9;
    REQUIRE(eu.state.commit_identity().ok());
  }
  Rejoin rejoin() {
    RejoinState begun;
    begun.common[kEu] = 1;
    return {{eu.state, eu.exchange, eu.list,
             [this](const auto& origins) { history_replaced = origins; },
             [this](const auto& why) { failure = why.message; }},
            {.records_max = 2},
            begun};
  }
};

}  // namespace

TEST_SUITE("regions: joining") {
  TEST_CASE("the others' rows are there at the end, and the own branch on top, as new") {
    JoiningWorld world;
    Rejoin rejoin = world.rejoin();
    world.eu.snapshots.take_for(&rejoin);
    world.us.state.chains().part(kUs, 2);
    world.us.state.chains().part(77, 1);  // No origin of the snapshot.
    world.merge();
    CHECK(world.failure.empty());
    CHECK(rejoin.logging());
    CHECK(rejoin.renamed() == 2);
    CHECK(rejoin.unlogged() == 2);
    CHECK(world.history_replaced == std::set<Origin>{kEu});
    CHECK(world.eu.get("common") == "1");
    CHECK(world.eu.get("own") == "2");
    CHECK(world.eu.get("us8") == "v");
    const core::VersionVector& vector = world.eu.state.applied().vector();
    CHECK(vector.at(kEu) == 1);
    CHECK(vector.at(kUs) == world.us.state.applied().vector().at(kUs));
    CHECK(vector.size() == 3);
    CHECK(world.eu.state.reader()->row(Parts::row_of("us3")).cell.siblings.size() == 2);
    CHECK(rejoin.next_slice().value().records.size() == 2);
    CHECK(rejoin.all_logged());
    CHECK(world.eu.state.chains().parted() == std::map<Origin, core::Seq>{{kEu, 1}, {kUs, 2}});
    regions::ChainHashes stored(world.eu.state.applied(), world.eu.state.log());
    REQUIRE(stored.load(*world.eu.state.storage().snapshot()).ok());
    CHECK(stored.parted() == world.eu.state.chains().parted());
  }

  TEST_CASE("a leader that gives way serves no snapshot, unless it waits for one that gives way") {
    JoiningWorld world;
    world.eu.greet(1, "us", kUs);
    const regions::Peer us = world.eu.exchange.peers().at(kUs);
    REQUIRE(us.applied.empty());  // It gives way itself.
    Rejoin rejoin = world.rejoin();
    CHECK(rejoin.source({}) == kUs);
    CHECK_FALSE(rejoin.precedes(kUs));
    CHECK(rejoin.precedes(10));
    RejoinState lost = rejoin.state();
    lost.lost = true;
    const Rejoin declared({world.eu.state, world.eu.exchange, world.eu.list, {}, {}}, {}, lost);
    CHECK(declared.precedes(kUs));
    CHECK_FALSE(declared.source({}));
    const auto refusal = [&](const regions::Peer& peer) {
      world.eu.effects.clear();
      world.eu.snapshots.on(peer, regions::SnapshotRequest{1, 0, 0, 1000, {}, {}, {}}, 0);
      if (world.eu.effects.empty()) return std::string();
      const auto& sent = std::get<regions::Send>(world.eu.effects.front());
      const auto* const refused = std::get_if<regions::SnapshotRefusal>(&sent.message);
      return refused == nullptr || !refused->passing ? "another message" : refused->why;
    };
    world.eu.snapshots.take_for(&rejoin);
    CHECK(refusal(us) == "");
    CHECK(world.failure == "region us gives way to it at the same time");
    world.failure.clear();
    world.meet();  // It shows its writes.
    CHECK(refusal(us) == "its leader gives way");
    CHECK(world.failure.empty());
  }

  TEST_CASE("a source with the same history is passed by") {
    JoiningWorld world;
    world.eu.state.chains().part(kEu, 1);
    Rejoin rejoin = world.rejoin();
    regions::SnapshotHeader header;
    header.heads = world.eu.state.applied().heads();
    const auto accepted = rejoin.accept(kUs, header);
    REQUIRE(accepted.ok());
    CHECK_FALSE(accepted.value());
  }

  TEST_CASE(
      "it takes a snapshot of the regions that it was told alone, and of none while it logs") {
    JoiningWorld world;
    world.meet();
    const Rejoin any = world.rejoin();
    CHECK(any.source({}) == kUs);
    CHECK_FALSE(any.source({kUs}));
    CHECK(any.least(kUs) == core::VersionVector{{kEu, 1}});
    RejoinState told = any.state();
    told.sources = {"ap"};
    const Rejoin picky({world.eu.state, world.eu.exchange, world.eu.list, {}, {}}, {}, told);
    CHECK_FALSE(picky.source({}));
    told.sources.clear();
    told.stage = RejoinState::Stage::kLogging;
    const Rejoin logging({world.eu.state, world.eu.exchange, world.eu.list, {}, {}}, {}, told);
    CHECK_FALSE(logging.source({}));
  }
}

}  // namespace anabranch::joining_test
