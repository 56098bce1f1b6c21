// The times of writes: exact for new ones, coarse for old ones, in bounded memory.

#include "leader/health/write_times.h"

#include <doctest/doctest.h>

#include <cstdint>

namespace anabranch::write_times_test {

using core::Millis;
using core::Seq;
using leader::WriteTimes;

TEST_SUITE("leader: times of writes") {
  TEST_CASE("the age is that of the oldest write that is not confirmed") {
    WriteTimes times;
    CHECK(times.age_behind(0, 100) == 0);
    times.note({1, 5}, 1'000);
    times.note({1, 6}, 2'000);
    times.note({1, 6}, 2'500);  // Nothing was written.
    times.note({1, 9}, 3'000);
    CHECK(times.age_behind(0, 4'000) == 3'000);
    CHECK(times.age_behind(4, 4'000) == 3'000);
    CHECK(times.age_behind(5, 4'000) == 2'000);
    CHECK(times.age_behind(6, 4'000) == 1'000);
    CHECK(times.age_behind(8, 4'000) == 1'000);
    CHECK(times.age_behind(9, 4'000) == 0);
    CHECK(times.age_behind(12, 4'000) == 0);
  }

  TEST_CASE("another origin begins anew, and one without writes has no age") {
    WriteTimes times;
    times.note({1, 5}, 1'000);
    times.note({2, 0}, 2'000);
    CHECK(times.age_behind(0, 3'000) == 0);
    times.note({2, 1}, 2'900);
    CHECK(times.age_behind(0, 3'000) == 100);
  }

  TEST_CASE("a month of writes keeps few spans, and ages are a sixteenth too great at most") {
    WriteTimes times;
    constexpr Millis kEvery = 700;
    constexpr Millis kMonth = Millis{31} * 24 * 3600 * 1000;
    Seq seq = 0;
    Millis now = 0;
    for (; now < kMonth; now += kEvery) times.note({1, ++seq}, now);
    CHECK(times.spans() <= WriteTimes::kSpansMax);
    std::uint64_t wrong = 0;
    for (Seq confirmed = 0; confirmed < seq; confirmed += 997) {
      const Millis exact = now - static_cast<Millis>(confirmed) * kEvery;
      const Millis age = times.age_behind(confirmed, now);
      wrong += age < exact || age > exact + exact / 15 + WriteTimes::kFinestMs ? 1 : 0;
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("writes within ten milliseconds share a span") {
    WriteTimes times;
    for (Millis now = 0; now < 100; ++now) times.note({1, static_cast<Seq>(now) + 1}, now);
    CHECK(times.spans() == 10);
    CHECK(times.age_behind(50, 100) >= 50);
    CHECK(times.age_behind(50, 100) < 60);
  }
}

}  // namespace anabranch::write_times_test
