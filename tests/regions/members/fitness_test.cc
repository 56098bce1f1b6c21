// Fitness: the reasons against it, and for how long they have to last.

#include <doctest/doctest.h>

#include "regions/members/fitness.h"

namespace anabranch::fitness_test {

using regions::Fitness;
using regions::Health;

namespace {

constexpr Health kWell{.open = true, .room = true};

Health slow(core::Millis commit_ms) {
  Health health = kWell;
  health.commit_ms = commit_ms;
  return health;
}

}  // namespace

TEST_SUITE("regions: fitness") {
  TEST_CASE("the first look counts at once") {
    Fitness well;
    CHECK_FALSE(well.fit());
    well.look(kWell, 0);
    CHECK(well.fit());
    CHECK(well.why().empty());
    Fitness full;
    full.look({.open = true, .room = false}, 0);
    CHECK_FALSE(full.fit());
    CHECK_FALSE(full.why().empty());
  }

  TEST_CASE("a slow disk makes unfit after 5 s on end, and a fast one fit again") {
    Fitness fitness;
    fitness.look(kWell, 0);
    fitness.look(slow(3'000), 1'000);
    fitness.look(slow(100), 5'000);  // A slow moment alone.
    fitness.look(slow(3'000), 6'000);
    fitness.look(slow(3'000), 10'999);
    CHECK(fitness.fit());
    fitness.look(slow(3'000), 11'000);
    CHECK_FALSE(fitness.fit());
    CHECK(fitness.why() == "its disk is slow");
    fitness.look(slow(1'999), 12'000);
    fitness.look(slow(1'999), 16'999);
    CHECK_FALSE(fitness.fit());
    fitness.look(slow(1'999), 17'000);
    CHECK(fitness.fit());
  }

  TEST_CASE("a closed storage counts at once") {
    Fitness fitness;
    fitness.look(kWell, 0);
    fitness.look({.open = false, .room = true}, 100);
    CHECK_FALSE(fitness.fit());
  }

  TEST_CASE("each reason has its words") {
    Health drained = kWell;
    drained.drained = true;
    Health joins = kWell;
    joins.joins = true;
    Health merges = kWell;
    merges.merges = true;
    for (const Health& health : {drained, joins, merges}) {
      Fitness fitness;
      fitness.look(health, 0);
      CHECK_FALSE(fitness.fit());
      CHECK(fitness.why().starts_with("it "));
    }
  }
}

}  // namespace anabranch::fitness_test
