// Detection of wrong clocks.

#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "regions/clocks/clock_watch.h"

namespace anabranch::clock_watch_test {

using core::Millis;
using regions::ClockWatch;

namespace {

constexpr Millis kDrift = 60'000;
constexpr Millis kWall = 1'700'000'000'000;
constexpr Millis kRoundTrip = 2;
constexpr Millis kHour = 3'600'000;
constexpr Millis kTo2055 = Millis{31} * 31'557'600'000;
constexpr Millis kTo2099 = Millis{75} * 31'557'600'000;

// A watch that has heard each region, r0, r1, ..., for ten seconds.
ClockWatch heard(const std::vector<Millis>& ahead,
                 std::optional<Millis> round_trip_ms = kRoundTrip) {
  const Millis half = round_trip_ms.value_or(0) / 2;  // So long ago it was shown.
  ClockWatch watch(kDrift);
  for (Millis now = 0; now <= 10'000; now += 1'000) {
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      watch.heard("r" + std::to_string(i), kWall + now + ahead[i] - half, round_trip_ms,
                  kWall + now, now);
    }
  }
  return watch;
}

}  // namespace

TEST_SUITE("regions: clock watch") {
  TEST_CASE("clocks within the drift are all right") {
    const ClockWatch watch = heard({0, 59'000, -59'000});
    CHECK(watch.complaints(10'000).empty());
    CHECK(watch.ahead_ms("r1", 10'000) == 59'000);
    CHECK_FALSE(watch.own_ahead_ms(10'000));
  }

  TEST_CASE("one region whose clock is wrong is named, ahead or behind") {
    const auto ahead = heard({0, kTo2099, 10}).complaints(10'000);
    REQUIRE(ahead.size() == 1);
    CHECK(ahead.at("r1") ==
          "the clock of region r1 is 75 years ahead of this one; it is not followed, its writes "
          "arrive");
    const auto behind = heard({0, -3 * kHour}).complaints(10'000);
    REQUIRE(behind.size() == 1);
    CHECK(behind.at("r1").find("is 3 hours behind") != std::string::npos);
  }

  TEST_CASE("when most others agree against it, it is this machine's clock") {
    const ClockWatch watch = heard({-kTo2055, 1'000 - kTo2055, -kTo2055});
    CHECK(watch.own_ahead_ms(10'000) == kTo2055);
    const auto complaints = watch.complaints(10'000);
    REQUIRE(complaints.size() == 1);
    CHECK(complaints.at("").find("the clock of this machine is 31 years ahead of most others") ==
          0);
  }

  TEST_CASE("the own clock and another one may both be wrong") {
    const auto complaints = heard({-kHour, -kHour, kTo2099}).complaints(10'000);
    CHECK(complaints.size() == 2);
    CHECK(complaints.contains(""));
    CHECK(complaints.contains("r2"));
  }

  TEST_CASE("the first others that are believed are not blamed for the own clock") {
    ClockWatch watch(kDrift);
    for (Millis now = 0; now <= 5'000; now += 1'000) {
      watch.heard("r0", kWall - kHour, kRoundTrip, kWall, now);
      if (now >= 2'000) watch.heard("r1", kWall - kHour, kRoundTrip, kWall, now);
    }
    CHECK(watch.complaints(4'999).empty());
    REQUIRE(watch.complaints(5'000).size() == 1);
    CHECK(watch.complaints(5'000).contains(""));
  }

  TEST_CASE("two regions that disagree with each other prove nothing of this machine") {
    const ClockWatch watch = heard({kHour, -kHour});
    CHECK_FALSE(watch.own_ahead_ms(10'000));
    CHECK(watch.complaints(10'000).size() == 2);
    CHECK_FALSE(heard({kHour}).own_ahead_ms(10'000));
  }

  TEST_CASE("a heartbeat that waited somewhere raises no alarm, a silent region none for ever") {
    ClockWatch watch(kDrift);
    watch.heard("r0", kWall - kHour, kRoundTrip, kWall, 0);
    CHECK(watch.complaints(0).empty());
    watch.heard("r0", kWall, kRoundTrip, kWall, 1'000);
    CHECK(watch.complaints(10'000).empty());
    const ClockWatch wrong = heard({kHour});
    CHECK(wrong.complaints(10'000).size() == 1);
    CHECK(wrong.complaints(10'000 + ClockWatch::kForgetMs + 1).empty());
  }

  TEST_CASE("a clock that is behind by less than a round trip and the drift is not wrong") {
    CHECK(heard({-75'000}).complaints(10'000).size() == 1);
    CHECK(heard({-75'000}, 30'000).complaints(10'000).empty());
    CHECK(heard({-75'000}, 29'000).complaints(10'000).size() == 1);
    CHECK(heard({-kHour}, kDrift).complaints(10'000).size() == 1);
    // A round trip excuses no clock that is ahead: a delayed heartbeat seems to be behind.
    CHECK(heard({kHour}, kHour).complaints(10'000).size() == 1);
    // Nor does a slow link acquit a clock that was found wrong before.
    ClockWatch watch = heard({-75'000});
    watch.heard("r0", kWall + 11'000 - 90'000, 80'000, kWall + 11'000, 11'000);
    CHECK(watch.complaints(11'000).size() == 1);
  }

  TEST_CASE("as long as no round trip is known, only a clock that is ahead is judged") {
    const ClockWatch behind = heard({-kHour}, std::nullopt);
    CHECK(behind.complaints(10'000).empty());
    CHECK_FALSE(behind.ahead_ms("r0", 10'000));
    const ClockWatch ahead = heard({kHour}, std::nullopt);
    CHECK(ahead.complaints(10'000).size() == 1);
    CHECK(ahead.ahead_ms("r0", 10'000) == kHour);
  }

  TEST_CASE("a round trip is what an echo leaves after it was held, if that can be") {
    using regions::Echo;
    CHECK_FALSE(ClockWatch::round_trip_ms(std::nullopt, 9'000));
    CHECK(ClockWatch::round_trip_ms(Echo{5'000, 1'000}, 9'000) == 3'000);
    CHECK(ClockWatch::round_trip_ms(Echo{5'000, 4'001}, 9'000) == 0);  // Rounded.
    CHECK_FALSE(ClockWatch::round_trip_ms(Echo{5'000, 9'000}, 9'000));
    constexpr Millis kMost = std::numeric_limits<Millis>::max();
    constexpr Millis kLeast = std::numeric_limits<Millis>::min();
    CHECK_FALSE(ClockWatch::round_trip_ms(Echo{kMost, kMost}, 9'000));
    CHECK(ClockWatch::round_trip_ms(Echo{kLeast, kLeast}, 9'000) == 9'000);
  }

  TEST_CASE("times that no clock shows do no harm") {
    ClockWatch watch(kDrift);
    for (const Millis shown :
         {std::numeric_limits<Millis>::min(), Millis{-1}, std::numeric_limits<Millis>::max()}) {
      watch.heard("r0", shown, kRoundTrip, kWall, 0);
      CHECK(watch.complaints(9'000).size() == 1);
    }
  }
}

}  // namespace anabranch::clock_watch_test
