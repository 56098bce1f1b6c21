// The work of a replica beside writing and applying, without a replica.

#include <doctest/doctest.h>

#include <string>

#include "regions/background.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::background_test {

using regions::Background;
using test::kEu;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

struct BackgroundWorld : Parts {
  regions::Inbox inbox{{state, exchange, alarms, effects, writer, writer.reserve()}, {}};
  regions::StableTime time{{state, keeper, list, settled, exchange, alarms}, kDriftMs, 0};
  Background background{
      {state, exchange, writer, keeper, inbox, time, list, settled, alarms, effects}, {}};

  BackgroundWorld() : Parts("eu", kEu) {
    state.watch(background.upkeep());
    state.join(background.snapshots());
    state.join(background.upkeep());
  }
  template <typename Message>
  [[nodiscard]] bool sends() const {
    return std::ranges::any_of(effects, [](const auto& effect) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      return send != nullptr && std::holds_alternative<Message>(send->message);
    });
  }
};

}  // namespace

TEST_SUITE("regions: background") {
  TEST_CASE("nothing waits where nothing was asked for") {
    BackgroundWorld eu;
    CHECK_FALSE(eu.background.work(0).value());
    CHECK_FALSE(eu.background.snapshots().receiving());
    CHECK_FALSE(eu.background.verifier().next_tick_ms());
    CHECK(eu.background.collect().ok());
    CHECK(eu.background.resolve_fork(kUs, false, 0).failure().code == ErrorCode::kInvalid);
  }

  TEST_CASE("orders of scores are made, slice by slice") {
    BackgroundWorld eu;
    REQUIRE(eu.background.upkeep().ordering());
    for (int i = 0; i < 100 && eu.background.upkeep().tidying(); ++i) {
      REQUIRE(eu.background.sweep().ok());
    }
    CHECK_FALSE(eu.background.upkeep().tidying());
  }

  TEST_CASE("a snapshot and a comparison are asked for, but not by a leader that is broken") {
    BackgroundWorld eu;
    eu.greet(kLink, "us", kUs, {{kUs, 5}});
    SUBCASE("a snapshot") {
      eu.background.ask_for_snapshot(kUs, 0);
      CHECK(eu.background.snapshots().receiving());
      CHECK(eu.sends<regions::SnapshotRequest>());
    }
    SUBCASE("a comparison") {
      REQUIRE(eu.background.verify({"us"}, 0).ok());
      CHECK(eu.background.verifier().next_tick_ms());
    }
    SUBCASE("nor with a region that nobody knows, or itself") {
      CHECK_FALSE(eu.background.verify({"us", "usa"}, 0).ok());
      CHECK_FALSE(eu.background.verify({"eu"}, 0).ok());
      CHECK_FALSE(eu.background.verifier().next_tick_ms());
    }
    SUBCASE("neither") {
      eu.state.fail({ErrorCode::kIo, "the disk is gone"});
      eu.background.ask_for_snapshot(kUs, 0);
      CHECK_FALSE(eu.background.verify({"us"}, 0).ok());
      CHECK_FALSE(eu.background.snapshots().receiving());
      CHECK_FALSE(eu.background.verifier().next_tick_ms());
      CHECK_FALSE(eu.background.work(0).ok());
      CHECK(eu.effects.empty());
    }
  }
}

}  // namespace anabranch::background_test
