#include "core/hlc.h"

#include <random>

#include <doctest/doctest.h>

#include "tests/seed.h"

namespace anabranch::core::hlc_test {
namespace {

TEST_SUITE_BEGIN("core: hlc");

TEST_CASE("a timestamp holds 48 bits of milliseconds and 16 bits of counter") {
  const Hlc hlc = Hlc::of(1'700'000'000'123, 7);
  CHECK(hlc.millis() == 1'700'000'000'123);
  CHECK(hlc.counter() == 7);
  CHECK(hlc.bits == 1'700'000'000'123U * 65536U + 7U);
  CHECK(Hlc::of(-5, 3) == Hlc::of(0, 3));
  CHECK(Hlc::of(Millis{1} << 50, 0).millis() == (Millis{1} << 48) - 1);
}

TEST_CASE("a full counter goes on in the next millisecond") {
  CHECK(Hlc::of(10, 65535).plus(1) == Hlc::of(11, 0));
  ManualClock wall(10);
  HybridClock clock(wall, Hlc::of(10, 65534));
  CHECK(clock.now() == Hlc::of(10, 65535));
  CHECK(clock.now() == Hlc::of(11, 0));
}

TEST_CASE("now follows the wall clock, and counts when that stands still or goes back") {
  ManualClock wall(1000);
  HybridClock clock(wall, {});
  CHECK(clock.now() == Hlc::of(1000, 0));
  CHECK(clock.now() == Hlc::of(1000, 1));
  wall.set(5);
  CHECK(clock.now() == Hlc::of(1000, 2));
  wall.set(-1'000'000);
  CHECK(clock.now() == Hlc::of(1000, 3));
  wall.set(1001);
  CHECK(clock.now() == Hlc::of(1001, 0));
}

TEST_CASE("a wall clock before 1970 counts as zero") {
  ManualClock wall(-7);
  HybridClock clock(wall, {});
  CHECK(clock.now() == Hlc::of(0, 1));
}

TEST_CASE("a clock starts behind the high-water mark of earlier runs") {
  ManualClock wall(1000);
  HybridClock clock(wall, Hlc::of(2000, 9));
  CHECK(clock.high_water() == Hlc::of(2000, 9));
  CHECK(clock.now() == Hlc::of(2000, 10));
}

TEST_CASE("several timestamps at once are all used up") {
  ManualClock wall(1000);
  HybridClock clock(wall, {});
  CHECK(clock.now(70'000) == Hlc::of(1000, 0));
  CHECK(clock.high_water() == Hlc::of(1000, 0).plus(69'999));
  CHECK(clock.now() == Hlc::of(1000, 0).plus(70'000));
  CHECK(clock.high_water().millis() == 1001);
}

TEST_CASE("observe follows a foreign timestamp, so that the next one is greater") {
  ManualClock wall(1000);
  HybridClock clock(wall, {});
  CHECK(clock.observe(Hlc::of(1500, 3)));
  CHECK(clock.now() == Hlc::of(1500, 4));
  CHECK(clock.observe(Hlc::of(1200, 0)));
  CHECK(clock.now() == Hlc::of(1500, 5));
}

TEST_CASE("observe never goes beyond the wall clock plus the allowed drift") {
  ManualClock wall(1000);
  HybridClock clock(wall, {}, 500);
  const Hlc cap = Hlc::of(1500, 65535);
  CHECK(clock.observe(cap));
  CHECK(clock.high_water() == cap);
  CHECK_FALSE(clock.observe(cap.plus(1)));
  CHECK(clock.high_water() == cap);
  CHECK_FALSE(clock.observe({~0ULL}));
  CHECK(clock.high_water() == cap);
  CHECK(clock.now() == cap.plus(1));
  CHECK_FALSE(clock.observe(Hlc::of(1501, 9)));
  CHECK(clock.high_water() == cap.plus(1));
}

TEST_CASE("the clock never goes back, whatever the wall clock and the peers say") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  const auto below = [&rng](std::uint64_t end) { return static_cast<Millis>(rng() % end); };
  ManualClock wall(0);
  HybridClock clock(wall, {}, 50);
  Hlc before = clock.high_water();
  for (int i = 0; i < 20'000; ++i) {
    wall.set(below(300) - 20);
    if (rng() % 2 == 0) {
      const Hlc remote = Hlc::of(below(400), static_cast<std::uint16_t>(rng()));
      const bool fits = remote <= Hlc::of(wall.now_ms() + 50, 65535);
      CHECK(clock.observe(remote) == fits);
      CHECK(clock.high_water() >= before);
      if (fits) CHECK(clock.high_water() >= remote);
    } else {
      const Hlc model = std::max(Hlc::of(wall.now_ms(), 0), before.plus(1));
      CHECK(clock.now() == model);
    }
    before = clock.high_water();
  }
}

TEST_CASE("the machine's clock is past 2020 and before 2200") {
  const Millis now = SystemClock().now_ms();
  CHECK(now > 1'577'836'800'000);
  CHECK(now < 7'258'118'400'000);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::hlc_test
