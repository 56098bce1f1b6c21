// When a leader gives way, and under which origin it goes on.

#include <doctest/doctest.h>

#include <string>

#include "regions/rejoin/fork_repair.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::fork_repair_test {

using regions::ForkRepair;
using test::kEu;
using test::Parts;

namespace {

constexpr core::Origin kFresh = 90;

struct ForkRepairWorld : Parts {
  regions::Inbox inbox{{state, exchange, alarms, effects, writer, writer.reserve()}, {}};
  regions::Snapshots snapshots{
      {state, exchange, effects, [](const auto&, auto&) {}, [](auto) { return 0; }}, {}, 1};
  regions::StableTime time{{state, keeper, list, settled, exchange, alarms}, kDriftMs, 0};
  regions::Incarnations incarnations{state, exchange, alarms, {kFresh, 1, {}}};
  ForkRepair repair{
      {state, exchange, keeper, snapshots, inbox, time, list, settled, incarnations, alarms}, {}};

  ForkRepairWorld() : Parts("eu", kEu) { state.join(repair); }
  core::Result<void> resolve() { return repair.resolve(writer.close_group(), kEu, false, 0); }
  void lose() {
    repair.on({.region = "us", .why = "was declared lost", .lost = true});
    REQUIRE(repair.is_lost());
    REQUIRE(repair.rejoin_if_declared_lost(writer.close_group(), 0).ok());
  }
};

}  // namespace

TEST_SUITE("regions: fork repair") {
  TEST_CASE("without a fork there is nothing to resolve") {
    ForkRepairWorld eu;
    const auto resolved = eu.resolve();
    REQUIRE_FALSE(resolved.ok());
    CHECK(resolved.failure().code == ErrorCode::kInvalid);
    CHECK(eu.repair.rejoin() == nullptr);
    CHECK(eu.state.identity().origin == kEu);
  }

  TEST_CASE("a leader that was declared lost goes on under a new origin, and joins as if empty") {
    ForkRepairWorld eu;
    eu.put("k", "v");
    const std::uint64_t opening = eu.state.identity().opening;
    eu.lose();
    CHECK_FALSE(eu.repair.is_lost());
    CHECK(eu.state.identity().origin == kFresh);
    CHECK(eu.state.identity().previous == kEu);
    CHECK(eu.state.identity().opening == opening + 1);
    REQUIRE(eu.repair.rejoin() != nullptr);
    CHECK_FALSE(eu.repair.logging());
    CHECK(eu.exchange.joining());
    CHECK(eu.has_meta(storage::kRejoinKey));
    CHECK(eu.resolve().failure().code == ErrorCode::kInvalid);  // Giving way already.
    CHECK(eu.get("k") == "v");
  }

  TEST_CASE("a later opening goes on with it") {
    ForkRepairWorld eu;
    eu.put("k", "v");
    eu.lose();
    ForkRepair again({eu.state, eu.exchange, eu.keeper, eu.snapshots, eu.inbox, eu.time, eu.list,
                      eu.settled, eu.incarnations, eu.alarms},
                     {});
    REQUIRE(again.resume().ok());
    REQUIRE(again.rejoin() != nullptr);
    CHECK(again.rejoin()->state().lost);
  }

  TEST_CASE("what cannot be recorded does not begin") {
    ForkRepairWorld eu;
    eu.storage.set_faults({.fail_commit = 1});
    eu.repair.on({.region = "us", .why = "was declared lost", .lost = true});
    CHECK_FALSE(eu.repair.rejoin_if_declared_lost(eu.writer.close_group(), 0).ok());
    CHECK(eu.state.broken().has_value());
    CHECK_FALSE(eu.exchange.joining());
  }

  TEST_CASE("fresh origins are new") {
    ForkRepairWorld eu;
    CHECK(eu.incarnations.fresh() == kFresh);
    const core::Origin next = eu.incarnations.fresh();
    CHECK(next != kFresh);
    CHECK(next != kEu);
    const core::Origin before = eu.state.identity().origin;
    REQUIRE(eu.incarnations.begin_and_record("a test").ok());
    CHECK(eu.state.identity().origin != before);
  }
}

}  // namespace anabranch::fork_repair_test
