// The time that has passed in regions, as leaders show it together with their vectors.

#include <doctest/doctest.h>

#include "regions/clocks/clock_bounds.h"

namespace anabranch::clock_bounds_test {

using core::VersionVector;
using regions::ClockBounds;

TEST_SUITE("regions: passed clocks") {
  TEST_CASE("a showing holds here as soon as its vector is applied here") {
    ClockBounds passed;
    passed.hear(1, {.applied = {{1, 5}}, .clocks = {{1, 100}, {2, 90}}}, {{1, 4}});
    CHECK(passed.all().empty());
    passed.look({{1, 5}});
    CHECK(passed.all() == VersionVector{{1, 100}, {2, 90}});
  }

  TEST_CASE("no clock goes back") {
    ClockBounds passed;
    passed.hear(1, {.applied = {}, .clocks = {{1, 100}}}, {});
    passed.hear(2, {.applied = {}, .clocks = {{1, 90}, {2, 50}}}, {});
    CHECK(passed.all() == VersionVector{{1, 100}, {2, 50}});
  }

  TEST_CASE("the oldest showing waits, although newer ones come all the time") {
    ClockBounds passed;
    for (core::Seq seq = 1; seq <= 9; ++seq) {
      passed.hear(1, {.applied = {{1, seq}}, .clocks = {{1, 100 * seq}}}, {});
    }
    passed.look({{1, 1}});
    CHECK(passed.all() == VersionVector{{1, 100}});
    passed.look({{1, 8}});
    CHECK(passed.all() == VersionVector{{1, 100}});
    passed.look({{1, 9}});
    CHECK(passed.all() == VersionVector{{1, 900}});
  }

  TEST_CASE("one peer that is ahead holds no other back") {
    ClockBounds passed;
    passed.hear(1, {.applied = {{1, 5}}, .clocks = {{1, 100}}}, {});
    passed.hear(2, {.applied = {}, .clocks = {{2, 90}}}, {});
    CHECK(passed.all() == VersionVector{{2, 90}});
  }
}

}  // namespace anabranch::clock_bounds_test
