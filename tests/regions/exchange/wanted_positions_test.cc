// Positions that are asked for: each second at first, then seldom, and no longer than they are
// wanted.

#include <doctest/doctest.h>

#include <vector>

#include "regions/exchange/wanted_positions.h"
#include "tests/regions/origins.h"

namespace anabranch::wanted_positions_test {

using regions::WantedPositions;
using Position = WantedPositions::Position;
using Positions = std::vector<Position>;
using test::kEu;
using test::kUs;

namespace {

bool unknown(const Position& /*position*/) { return false; }

}  // namespace

TEST_SUITE("regions: wanted positions") {
  TEST_CASE("a position is asked for each second, and seldom once no peer seems to have it") {
    WantedPositions wanted;
    CHECK_FALSE(wanted.asking(kEu));
    unsigned asked = 0;
    for (unsigned tick = 0; tick < WantedPositions::kAsksMax; ++tick) {
      wanted.want(kEu, 7);
      CHECK(wanted.asking(kEu));
      CHECK(wanted.tick(unknown) == Positions{{kEu, 7}});
    }
    CHECK_FALSE(wanted.asking(kEu));
    for (unsigned tick = 0; tick < 3 * WantedPositions::kTicksLater; ++tick) {
      wanted.want(kEu, 7);
      asked += static_cast<unsigned>(wanted.tick(unknown).size());
    }
    CHECK(asked == 3);
    CHECK(wanted.contains(kEu, 7));
  }

  TEST_CASE("a position that is known, or not wanted any more, is dropped") {
    WantedPositions wanted;
    wanted.want(kEu, 7);
    wanted.want(kUs, 8);
    CHECK(wanted.tick([](const Position& each) { return each.first == kUs; }) ==
          Positions{{kEu, 7}});
    CHECK_FALSE(wanted.contains(kUs, 8));
    CHECK_FALSE(wanted.asking(kUs));
    for (unsigned tick = 1; tick < WantedPositions::kIdleTicksMax; ++tick) {
      CHECK(wanted.tick(unknown).size() == 1);
    }
    CHECK(wanted.tick(unknown).empty());
    CHECK_FALSE(wanted.contains(kEu, 7));
  }

  TEST_CASE("there is a bound, and those that are asked for keep their place") {
    WantedPositions wanted;
    for (core::Seq seq = 1; seq <= WantedPositions::kPositionsMax + 5; ++seq) {
      wanted.want(kEu, seq);
    }
    CHECK(wanted.tick(unknown).size() == WantedPositions::kPositionsMax);
    CHECK(wanted.size() == WantedPositions::kPositionsMax);
    CHECK(wanted.contains(kEu, 1));
    CHECK_FALSE(wanted.contains(kEu, WantedPositions::kPositionsMax + 1));
    wanted.clear();
    CHECK(wanted.tick(unknown).empty());
  }
}

}  // namespace anabranch::wanted_positions_test
