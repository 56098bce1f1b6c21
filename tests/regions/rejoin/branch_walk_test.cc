// The log of a leader that gives way, batch by batch, on top of the history of the others.

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "regions/rejoin/branch_walk.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::branch_walk_test {

using core::Origin;
using regions::BranchWalk;
using regions::Group;
using regions::Head;
using regions::RejoinState;
using test::kAp;
using test::kEu;
using test::Parts;
using test::Receiver;

namespace {

// The own histories part behind a seq.
RejoinState parted_behind(core::Seq seq) {
  RejoinState rejoin;
  rejoin.common[kEu] = seq;
  return rejoin;
}

struct BranchWalkWorld : Receiver {
  BranchWalkWorld() : Receiver("eu", kEu) {}

  [[nodiscard]] BranchWalk walk(const std::map<Origin, Head>& base, const RejoinState& rejoin) {
    return {
        {state.log(), state.applied(), state.chains(), state.identity(), list, {}}, base, rejoin};
  }
  // Goes on under another origin, as it does before it gives way.
  void renew() {
    state.identity().previous = kEu;
    state.identity().origin = 9;
  }
  // Takes a record of the log on top of rows that are all empty.
  std::optional<BranchWalk::Taken> next(BranchWalk& walk, storage::Position position) {
    const auto record = state.log().read_log(position);
    REQUIRE(record);
    auto taken = walk.take(*record, [](const core::Path&) { return crdt::Row(); });
    REQUIRE(taken.ok());
    return std::move(taken).value();
  }
};

}  // namespace

TEST_SUITE("regions: branch walk") {
  TEST_CASE("what the others have is skipped, and a branch is written again under a new name") {
    BranchWalkWorld eu;
    eu.put("a", "1");
    const Head parted = eu.state.applied().head(kEu);
    eu.put("b", "2");
    eu.put("c", "3");
    eu.renew();
    BranchWalk walk = eu.walk({{kEu, parted}}, parted_behind(1));
    while (walk.prepare(10).value()) continue;
    CHECK_FALSE(eu.next(walk, 1));
    const auto second = eu.next(walk, 2);
    REQUIRE(second);
    const Origin name = second->held.batch.origin;
    CHECK(name != kEu);
    CHECK(second->held.batch.first() == 1);
    const auto third = eu.next(walk, 3);
    REQUIRE(third);
    CHECK(third->held.batch.origin == name);
    CHECK(third->held.batch.first() == 2);
    CHECK(third->held.batch.previous == second->chain);
    CHECK(walk.now().vector() == core::VersionVector{{kEu, 1}, {name, 2}});
    CHECK(walk.renamed() == 2);
    CHECK(walk.names().find(kEu)->after == 1);
  }

  TEST_CASE("what names a branch as seen names the rewritten origin") {
    BranchWalkWorld eu;
    eu.put("a", "1");
    const Head parted = eu.state.applied().head(kEu);
    eu.put("b", "2");
    eu.write([](Group& group) {
      group.put(Parts::row_of("b"), "3", core::VersionVector{{kEu, 2}});
    });
    eu.renew();
    BranchWalk walk = eu.walk({{kEu, parted}}, parted_behind(1));
    while (walk.prepare(10).value()) continue;
    (void)eu.next(walk, 1);
    REQUIRE(eu.next(walk, 2));
    const auto third = eu.next(walk, 3);
    REQUIRE(third);
    const Origin name = third->held.batch.origin;
    const auto& put = std::get<core::Put>(third->held.batch.transactions.at(0).ops.at(0));
    CHECK(put.value == "3");
    CHECK(put.context == core::VersionVector{{kEu, 1}, {name, 1}});
  }

  TEST_CASE("what continues the history of the others is taken as it is") {
    BranchWalkWorld eu;
    Parts ap("ap", kAp);
    eu.greet(1, "ap", kAp);
    eu.take(ap.put("k", "1"));
    const Head base = eu.state.applied().head(kAp);
    const std::string next = ap.put("k", "2");
    eu.take(next);
    BranchWalk walk = eu.walk({{kAp, base}}, {});
    while (walk.prepare(10).value()) continue;
    CHECK_FALSE(eu.next(walk, 1));
    const auto taken = eu.next(walk, 2);
    REQUIRE(taken);
    CHECK(taken->held.bytes == next);
    CHECK(walk.taken() == 1);
    CHECK(walk.renamed() == 0);
  }
}

}  // namespace anabranch::branch_walk_test
