// How long ago the oldest state that is still read was replaced, and the alarm about it.

#include "leader/health/read_age.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/logged.h"

namespace anabranch::read_age_test {

using test::logged;

TEST_SUITE("leader: read age") {
  TEST_CASE("a reader of the newest state keeps nothing, however long it stays") {
    leader::ReadAge age("eu", 1'000);
    for (core::Millis now = 0; now < 100'000; now += 1'000) age.look({7, 7}, now);
    CHECK(age.age_ms() == 0);
    CHECK_FALSE(age.alarms());
  }

  TEST_CASE("the age is the time since the state that is read was replaced") {
    leader::ReadAge age("eu", 0);
    age.look({5, 5}, 0);
    age.look({5, 5}, 10'000);
    age.look({8, 5}, 11'000);
    CHECK(age.age_ms() == 0);
    age.look({9, 5}, 15'000);
    CHECK(age.age_ms() == 4'000);
    age.look({9, 5}, 16'000);
    CHECK(age.age_ms() == 5'000);
    age.look({12, 8}, 17'000);  // Another reader is the oldest now: 9 was seen at 15,000.
    CHECK(age.age_ms() == 2'000);
    age.look({12, 12}, 18'000);
    CHECK(age.age_ms() == 0);
  }

  TEST_CASE("the age is right for readers that stay for days") {
    constexpr core::Millis kDay = core::Millis{24} * 3600 * 1000;
    leader::ReadAge age("eu", 0);
    std::uint64_t newest = 1;
    for (core::Millis now = 0; now <= kDay; now += 1'000) age.look({++newest, 1}, now);
    CHECK(age.age_ms() == kDay);
    // One that began at noon: to a few minutes.
    age.look({newest, newest / 2}, kDay);
    CHECK(age.age_ms() > kDay / 2 - 300'000);
    CHECK(age.age_ms() < kDay / 2 + 300'000);
  }

  TEST_CASE("the alarm is logged once, and once when it is over") {
    leader::ReadAge age("eu", 60'000);
    const auto look = [&](storage::ReadStates states, core::Millis now) {
      return logged([&] { age.look(states, now); });
    };
    CHECK(look({5, 5}, 0).empty());
    CHECK(look({6, 5}, 1'000).empty());
    CHECK(look({7, 5}, 61'000).empty());
    CHECK(look({8, 5}, 62'000).find("one state of the data for 1 min") != std::string::npos);
    CHECK(age.alarms());
    CHECK(look({9, 5}, 90'000).empty());
    CHECK(look({9, 9}, 91'000).find("no longer read") != std::string::npos);
    CHECK_FALSE(age.alarms());
    CHECK(look({9, 9}, 92'000).empty());
  }
}

}  // namespace anabranch::read_age_test
