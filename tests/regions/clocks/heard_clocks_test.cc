// The clocks of other leaders: the time when they count as away, and the readings of their clocks
// then.

#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regions/clocks/clock_jumps.h"
#include "regions/clocks/heard_clocks.h"
#include "regions/state/time_text.h"
#include "storage/memory_storage.h"

namespace anabranch::heard_clocks_test {

using core::Millis;
using regions::ClockJumps;
using regions::ClockWord;
using regions::HeardClocks;

namespace {

constexpr Millis kDrift = 60'000;
constexpr Millis kWall = 1'700'000'000'000;
constexpr Millis kHour = 3'600'000;
constexpr Millis kDay = 24 * kHour;
constexpr Millis kYear = 365 * kDay;

// A word of leader 7 at a time of its steady clock, and its age on arrival.
ClockWord word(Millis sent, Millis wall, Millis age = 0, std::uint64_t opening = 1) {
  return {.origin = 7, .opening = opening, .sent_ms = sent, .wall_ms = wall, .age_ms = age};
}

std::unique_ptr<storage::MemoryStorage> empty_storage() {
  auto storage = std::make_unique<storage::MemoryStorage>();
  REQUIRE(storage->open().ok());
  return storage;
}

}  // namespace

TEST_SUITE("regions: heard clocks") {
  TEST_CASE("a leader that is away for long counts as where its clock is, less the wait") {
    HeardClocks heard(kDrift);
    CHECK(heard.given_up_ms(7, kDay, 5 * kDay) == -1);  // It was never heard of.
    heard.hear(word(1'000, kWall), kWall, 1'000);
    CHECK(heard.agrees({7}, 1'000) == true);
    CHECK(heard.given_up_ms(7, kDay, 1'000 + kDay - 1) == -1);
    CHECK(heard.given_up_ms(7, kDay, 1'000 + kDay) == kWall);
    CHECK(heard.given_up_ms(7, kDay, 1'000 + 3 * kDay) == kWall + 2 * kDay);
    CHECK_FALSE(heard.agrees({7}, 1'000 + kDay));
    CHECK(heard.latest_ms(1'000 + kDay) == kWall + kDay);
  }

  TEST_CASE("time runs only while it is away") {
    HeardClocks heard(kDrift);
    for (Millis now = 0; now < 3 * kDay; now += kHour) {
      heard.hear(word(now, kWall + now), kWall + now, now);
      CHECK(heard.given_up_ms(7, kDay, now) == -1);
    }
  }

  TEST_CASE("a leader whose clock was off when it was heard last is waited for") {
    for (const Millis off : {kYear, -kYear, kDrift + 1, -kDrift - 1}) {
      HeardClocks heard(kDrift);
      heard.hear(word(1, kWall + off), kWall, 0);
      CHECK(heard.agrees({7}, 0) == false);
      CHECK(heard.given_up_ms(7, kDay, 30 * kDay) == -1);
      heard.hear(word(2, kWall - kHour), kWall, 30 * kDay, kHour);  // Perhaps it took long.
      CHECK(heard.agrees({7}, 30 * kDay) == true);
      heard.hear(word(3, kWall), kWall, 30 * kDay);  // It is right again, and goes.
      CHECK(heard.given_up_ms(7, kDay, 32 * kDay) == kWall + kDay);
    }
  }

  TEST_CASE("of a leader with several origins the newest word counts") {
    HeardClocks heard(kDrift);
    heard.hear(word(1'000, kWall + 1'000), kWall + 1'000, 1'000);
    heard.hear({.origin = 8, .opening = 2, .sent_ms = 2'000, .wall_ms = kWall + kYear},
               kWall + 2'000, 2'000);
    CHECK(heard.agrees({7}, 2'000) == true);
    CHECK(heard.agrees({7, 8}, 2'000) == false);
    CHECK(heard.agrees({8, 7}, 2'000) == false);
    CHECK_FALSE(heard.agrees({9}, 2'000).has_value());
    CHECK_FALSE(heard.agrees({7, 8}, kHour).has_value());
  }

  TEST_CASE("a word of before a jump of the own clock does not agree") {
    HeardClocks heard(kDrift);
    heard.hear(word(1'000, kWall + 1'000), kWall + 1'000, 1'000);
    heard.jumped(1'500);
    CHECK(heard.agrees({7}, 2'000) == false);
    heard.hear(word(1'000, kWall + 1'000, 1'000), kWall + 2'000, 2'000);  // The same again.
    CHECK(heard.agrees({7}, 2'000) == false);
    heard.hear(word(2'000, kWall + 2'000), kWall + 2'000, 2'000);
    CHECK(heard.agrees({7}, 2'000) == true);
  }

  TEST_CASE("a word of before a jump does not agree after a restart, either") {
    const auto storage = empty_storage();
    HeardClocks before(kDrift);
    before.hear(word(1'000, kWall + 1'000), kWall + 1'000, 1'000);
    REQUIRE(storage->commit({}, before.take_changes(1'000)).ok());
    for (const Millis jump : {500, 1'500}) {
      HeardClocks heard(kDrift);
      REQUIRE(heard.load(*storage->snapshot()).ok());
      heard.jumped(jump);
      heard.resume(2'000);
      CHECK(heard.agrees({7}, 2'000) == (jump < 1'000));
      heard.hear(word(3'000, kWall + 3'000), kWall + 3'000, 3'000);
      CHECK(heard.agrees({7}, 3'000) == true);
    }
  }

  TEST_CASE("a word is taken once, whichever way it comes, and does not become younger") {
    HeardClocks heard(kDrift);
    heard.hear(word(5'000, kWall), kWall, 10'000);
    heard.hear(word(4'000, kWall - 1'000), kWall + kHour, 10'000 + kHour);  // Late.
    heard.hear(word(5'000, kWall, 3), kWall + kHour, 10'000 + kHour);       // By another peer.
    const std::vector<ClockWord> words = heard.words(10'000 + kHour);
    REQUIRE(words.size() == 1);
    CHECK(words[0] == word(5'000, kWall, kHour));
    heard.hear(word(6, kWall + kHour, 10, 2), kWall + kHour, 10'000 + kHour);  // A later opening.
    CHECK(heard.words(10'000 + kHour)[0] == word(6, kWall + kHour, 10, 2));
  }

  TEST_CASE("who was off meanwhile learns from others for how long somebody is away") {
    HeardClocks heard(kDrift);
    heard.hear(word(5'000, kWall), kWall, 10'000);
    heard.hear(word(5'000, kWall, kHour), kWall + kHour, 11'000);
    CHECK(heard.words(11'000)[0].age_ms == kHour);
    heard.hear(word(5'000, kWall, kHour + 900), kWall + kHour, 11'000);  // The way it came.
    CHECK(heard.words(11'000)[0].age_ms == kHour);
  }

  TEST_CASE("what was heard is stored, and outlives a restart") {
    const auto storage = empty_storage();
    {
      HeardClocks heard(kDrift);
      heard.hear(word(1, kWall), kWall, 1'000);
      heard.hear({.origin = 8, .opening = 1, .sent_ms = 1, .wall_ms = kWall + kYear}, kWall, 1'000);
      CHECK(heard.wants_storing(1'000));
      CHECK(heard.latest_stored_ms() == -1);
      REQUIRE(storage->commit({}, heard.take_changes(HeardClocks::kStoreMs)).ok());
      CHECK_FALSE(heard.wants_storing(2 * HeardClocks::kStoreMs));
      CHECK(heard.latest_stored_ms() == kWall + kYear + HeardClocks::kStoreMs - 1'000);
      CHECK(heard.wants_storing(2 * HeardClocks::kCountMs));  // Both are away, and time goes on.
    }
    HeardClocks heard(kDrift);
    REQUIRE(heard.load(*storage->snapshot()).ok());
    CHECK(heard.given_up_ms(7, kDay, 1'000 + kDay) == kWall);
    CHECK(heard.given_up_ms(8, kDay, 1'000 + kDay) == -1);
    heard.retain([](core::Origin origin) { return origin == 8; });
    REQUIRE(storage->commit({}, heard.take_changes(2'000)).ok());
    HeardClocks again(kDrift);
    REQUIRE(again.load(*storage->snapshot()).ok());
    CHECK(again.words(2'000).size() == 1);
  }

  TEST_CASE("who was there when it was stored counts as heard until this leader stopped") {
    constexpr Millis kWait = 60'000;
    constexpr Millis kStopped = 500'000;  // Less than kRestMs.
    for (const bool away : {false, true}) {
      const auto storage = empty_storage();
      HeardClocks before(kDrift);
      before.hear(word(1, kWall), kWall, 1'000);
      const Millis stored = 1'000 + (away ? 2 * HeardClocks::kFreshMs : 0);
      REQUIRE(storage->commit({}, before.take_changes(stored)).ok());
      HeardClocks heard(kDrift);
      REQUIRE(heard.load(*storage->snapshot()).ok());
      heard.resume(kStopped);
      CHECK(heard.latest_ms(kStopped) == kWall + kStopped - 1'000);
      CHECK(heard.words(kStopped)[0].age_ms == (away ? kStopped - 1'000 : 0));
      CHECK((heard.given_up_ms(7, kWait, kStopped) == -1) == !away);
      CHECK(heard.given_up_ms(7, kWait, kStopped + kWait) == kWall + kStopped - 1'000);
      heard.hear(word(1, kWall, kHour), kWall + kHour, kStopped);  // From a peer that knows better.
      CHECK(heard.given_up_ms(7, kWait, kStopped) == kWall + kHour - kWait);
    }
  }

  TEST_CASE("a leader that goes is stored as away, also when nothing of it was heard since") {
    const auto storage = empty_storage();
    HeardClocks heard(kDrift);
    heard.hear(word(1, kWall), kWall, 0);
    CHECK(heard.take_changes(0).size() == 1);
    CHECK(heard.take_changes(HeardClocks::kStoreMs).empty());
    CHECK(heard.wants_storing(2 * HeardClocks::kFreshMs));
    CHECK(heard.take_changes(2 * HeardClocks::kFreshMs).size() == 1);
  }

  TEST_CASE("a damaged row is found, and one of a newer version read") {
    const auto storage = empty_storage();
    const auto with_row = [&](std::string value) {
      const storage::Change row{storage::Table::kMeta, storage::heard_key(7), std::move(value)};
      REQUIRE(storage->commit({}, {row}).ok());
      HeardClocks heard(kDrift);
      return heard.load(*storage->snapshot()).ok();
    };
    CHECK(with_row(std::string("\x95\x01\x02\x03\x04\xC2", 6)));  // An older one.
    CHECK(with_row(std::string("\x97\x01\x02\x03\x04\xC2\xC3\xC0", 8)));
    CHECK_FALSE(with_row(std::string("\x96\x01\x02\x03\x04\xC2\x01", 7)));
    CHECK_FALSE(with_row(std::string("\x94\x01\x02\x03\x04", 5)));
    CHECK_FALSE(with_row("what"));
  }

  TEST_CASE("times that no clock shows do no harm") {
    HeardClocks heard(kDrift);
    std::uint64_t opening = 0;
    constexpr Millis kMost = std::numeric_limits<Millis>::max();
    constexpr Millis kLeast = std::numeric_limits<Millis>::min();
    for (const Millis each : {kLeast, Millis{-1}, kMost}) {
      heard.hear(word(each, each, each, ++opening), kWall, 5'000);
      CHECK(heard.agrees({7}, 5'000) != true);
      CHECK(heard.given_up_ms(7, kDay, 5 * kDay) == -1);
    }
    for (core::Origin origin = 1; origin <= 2 * regions::kClockWordsMax; ++origin) {
      heard.hear({.origin = origin, .opening = 1}, kWall, 0);
    }
    CHECK(heard.words(0).size() == regions::kClockWordsMax);
  }
}

TEST_SUITE("regions: clock jumps") {
  TEST_CASE("a wall clock that moves against the steady one has jumped, in either direction") {
    for (const Millis by : {kDrift + 1, -kDrift - 1, kYear, -kYear}) {
      ClockJumps jumps(kDrift);
      CHECK(jumps.look(kWall, 0, 0) == 0);
      CHECK(jumps.look(kWall + kDrift, 1, 1) == 0);
      CHECK(jumps.look(kWall + 1'000, 1'000, 1'000) == 0);
      CHECK_FALSE(jumps.within(kDay, 1'000));
      CHECK(jumps.complaint(kDay, 1'000).empty());
      CHECK(jumps.look(kWall + 2'000 + by, 2'000, 2'000) == by);
      CHECK(jumps.look(kWall + 3'000 + by, 3'000, 3'000) == 0);
      CHECK(jumps.count() == 1);
      CHECK(jumps.within(kDay, 2'000 + kDay - 1));
      CHECK_FALSE(jumps.within(kDay, 2'000 + kDay));
    }
  }

  TEST_CASE("a clock at another speed is found, small steps of a time service are not") {
    ClockJumps twice(kDrift);
    ClockJumps slow(kDrift);
    for (Millis now = 0; now <= kDay; now += 1'000) {
      twice.look(kWall + 2 * now, now, now);
      slow.look(kWall + now + now / 100, now, now);  // 36 seconds an hour.
    }
    CHECK(twice.count() > 1'000);
    CHECK(slow.count() == 0);
  }

  TEST_CASE("a jump outlives a restart, and says what it does") {
    const auto storage = empty_storage();
    {
      ClockJumps jumps(kDrift);
      jumps.look(kWall, 0, 0);
      CHECK_FALSE(jumps.changed());
      jumps.look(kWall + 10 * kYear, 1'000, 1'000);
      CHECK(jumps.changed());
      REQUIRE(storage->commit({}, jumps.take_changes()).ok());
    }
    ClockJumps jumps(kDrift);
    REQUIRE(jumps.load(*storage->snapshot()).ok());
    CHECK(jumps.within(kDay, kHour));
    CHECK(jumps.complaint(kDay, 12 * kHour) ==
          "the clock of this machine has moved by 9 years forwards against its steady clock: set "
          "it right if that was wrong; for another 12 hours this leader clears no key that has "
          "expired");
  }

  TEST_CASE("times are told so that an operator can read them") {
    CHECK(regions::duration_text(-3 * kHour) == "3 hours");
    CHECK(regions::duration_text(500) == "0 seconds");
    CHECK(regions::moment_text(0) == "1970-01-01 00:00 UTC");
    CHECK(regions::moment_text(4'070'908'800'000 + 36'300'000) == "2099-01-01 10:05 UTC");
  }
}

}  // namespace anabranch::heard_clocks_test
