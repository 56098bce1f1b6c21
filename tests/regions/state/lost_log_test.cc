// What a log has lost: when it stands, how it is told, and when it ends by itself.

#include "regions/state/lost_log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/regions/parts.h"

namespace anabranch::lost_log_state_test {

using regions::Commit;
using regions::LostLog;
using storage::LogLoss;
using test::Parts;

namespace {

constexpr core::Origin kEu = 7;
constexpr core::Origin kUs = 8;
constexpr core::Millis kFound = 1'764'352'800'000;  // 2025-11-28 18:00 UTC.

// A loss whose end is known, with batches of an origin behind it.
LogLoss loss_of(core::Origin origin, core::Seq first, core::Seq last, std::uint64_t unknown) {
  return {.place = 5,
          .first = 2,
          .unknown = unknown,
          .end_known = true,
          .found = {{.origin = origin, .first = first, .last = last, .chain = {9}}}};
}

struct World {
  Parts eu{"eu", kEu};
  LostLog lost{eu.state.applied(), eu.state.chains()};

  bool stands() {
    Commit commit;
    lost.record(commit);
    return !lost.all().empty();
  }
};

}  // namespace

TEST_SUITE("regions: lost log") {
  TEST_CASE("the end is known where each missing batch has one of its origin behind it") {
    struct Case {
      std::uint64_t unknown;
      bool known;
    };
    // Of eu the ops 1 to 3 are missing: one batch at least, three at most. With three missing
    // batches two may be of another origin, of which nothing is left.
    for (const Case& each : {Case{0, true}, Case{1, true}, Case{2, false}, Case{3, false}}) {
      World world;
      CAPTURE(each.unknown);
      world.lost.take_over({loss_of(kUs, 4, 4, each.unknown)}, kFound);
      CHECK(world.lost.all().begin()->second.ends_known == each.known);
    }
  }

  TEST_CASE("a loss of which all is there already ends at once") {
    World world;
    const std::string batch = world.eu.put("k", "v");
    LogLoss loss = loss_of(kEu, 1, 1, 0);
    loss.found.front().chain = core::chain_hash(batch);
    world.lost.take_over({loss}, kFound);
    CHECK_FALSE(world.stands());
    CHECK(world.lost.take_news().size() == 1);
    loss.found.front().chain = {1};  // Another history.
    world.lost.take_over({loss}, kFound);
    CHECK(world.stands());
  }

  TEST_CASE("where the tables may have a part of it, what they say of it proves nothing") {
    World world;
    const std::string batch = world.eu.put("k", "v");
    LogLoss loss = loss_of(kEu, 1, 1, 0);
    loss.found.front().chain = core::chain_hash(batch);
    loss.half_flushed = true;
    world.lost.take_over({loss}, kFound);
    CHECK(world.stands());
    CHECK_FALSE(world.lost.all().begin()->second.ends_known);
    CHECK(world.lost.sentences().front().find("ops up to 1 of origin") != std::string::npos);
  }

  TEST_CASE("merged tables that are missing had ops of any origin: no chain ends that") {
    World world;
    const std::string batch = world.eu.put("k", "v");
    LogLoss loss = loss_of(kEu, 1, 1, 0);
    loss.found.front().chain = core::chain_hash(batch);
    loss.tables = true;
    world.lost.take_over({loss}, kFound);
    CHECK(world.stands());
    CHECK(world.lost.sentences().front().find("it cannot be told") != std::string::npos);
    world.lost.salvaged(1, {kEu});
    CHECK(world.stands());
    world.lost.forget();
    CHECK_FALSE(world.stands());
  }

  TEST_CASE("a sentence has the time, and names few origins of many") {
    World world;
    LogLoss loss = loss_of(1, 4, 4, 1);
    for (core::Origin origin = 2; origin <= 50; ++origin) {
      loss.found.push_back({.origin = origin, .first = 1, .last = 2, .chain = {9}});
    }
    world.lost.take_over({loss}, kFound);
    const std::vector<std::string> told = world.lost.sentences();
    REQUIRE(told.size() == 1);
    CHECK(told.front().find("ops 1 to 4 of origin 0000000000000001;") != std::string::npos);
    CHECK(told.front().find("; and of 47 more origins") != std::string::npos);
    CHECK(told.front().find("(found 2025-11-28 18:00 UTC)") != std::string::npos);
    CHECK(told.front().size() < 300);
  }
}

}  // namespace anabranch::lost_log_state_test
