// Messages of presence that came before are found, in any order and under floods.

#include <doctest/doctest.h>

#include <set>

#include "regions/presence/seen_messages.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::seen_messages_test {

using regions::SeenMessages;
using Found = SeenMessages::Found;

TEST_SUITE("regions: messages of presence that were seen") {
  TEST_CASE("a message is new once, in whatever order messages come") {
    SeenMessages seen;
    for (const std::uint64_t number : {5U, 3U, 7U, 6U, 4U}) {
      CHECK(seen.note(1, number, 0) == Found::kNew);
    }
    for (const std::uint64_t number : {3U, 4U, 5U, 6U, 7U}) {
      CHECK(seen.note(1, number, 0) == Found::kSeen);
    }
    CHECK(seen.note(2, 5, 0) == Found::kNew);  // Another opening has numbers of its own.
  }

  TEST_CASE("a number below the window counts as seen, one at its edge does not") {
    SeenMessages seen;
    CHECK(seen.note(1, 10'000, 0) == Found::kNew);
    CHECK(seen.note(1, 10'000 - SeenMessages::kWindow, 0) == Found::kSeen);
    CHECK(seen.note(1, 10'001 - SeenMessages::kWindow, 0) == Found::kNew);
    CHECK(seen.note(1, 10'001 - SeenMessages::kWindow, 0) == Found::kSeen);
  }

  TEST_CASE("bits of numbers that the window has left are not those of numbers to come") {
    SeenMessages seen;
    for (std::uint64_t number = 1; number <= 3 * SeenMessages::kWindow; ++number) {
      REQUIRE(seen.note(1, number, 0) == Found::kNew);
      REQUIRE(seen.note(1, number, 0) == Found::kSeen);
    }
    CHECK(seen.note(1, 10 * SeenMessages::kWindow, 0) == Found::kNew);
    CHECK(seen.note(1, 10 * SeenMessages::kWindow - 1, 0) == Found::kNew);
    CHECK(seen.note(1, ~std::uint64_t{0}, 0) == Found::kNew);
    CHECK(seen.note(1, ~std::uint64_t{0} - 1, 0) == Found::kNew);
    CHECK(seen.note(1, 10 * SeenMessages::kWindow, 0) == Found::kSeen);
  }

  TEST_CASE("it agrees with a set of all numbers, in random order") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    SeenMessages seen;
    std::set<std::uint64_t> all;
    std::uint64_t next = 1;
    for (int i = 0; i < 20'000; ++i) {
      if (random.chance(0.3)) next += random.below(random.chance(0.01) ? 5'000 : 5);
      const std::uint64_t back = random.below(2'000);
      const std::uint64_t number = next > back ? next - back : 1;
      const bool below = !all.empty() && number + SeenMessages::kWindow <= *all.rbegin();
      const bool is_new = !below && all.insert(number).second;
      REQUIRE(seen.note(7, number, 0) == (is_new ? Found::kNew : Found::kSeen));
    }
  }

  TEST_CASE("a flood of openings makes nobody forget one that may still be under way") {
    SeenMessages seen;
    CHECK(seen.note(1, 1, 0) == Found::kNew);
    for (std::uint64_t opening = 2; opening <= SeenMessages::kOpeningsMax; ++opening) {
      CHECK(seen.note(opening, 1, 1) == Found::kNew);
    }
    CHECK(seen.note(5'000, 1, 1) == Found::kNoRoom);
    CHECK(seen.note(1, 1, 1) == Found::kSeen);
    CHECK(seen.note(1, 2, SeenMessages::kKeptMs) == Found::kNew);
  }

  TEST_CASE("of many openings the one heard longest ago goes first") {
    SeenMessages seen;
    for (std::uint64_t opening = 1; opening <= SeenMessages::kOpeningsMax; ++opening) {
      CHECK(seen.note(opening, 1, 0) == Found::kNew);
    }
    CHECK(seen.note(1, 2, 1) == Found::kNew);  // Heard again: now 2 is the oldest.
    CHECK(seen.note(5'000, 1, SeenMessages::kKeptMs) == Found::kNew);
    CHECK(seen.openings() == SeenMessages::kOpeningsMax);
    CHECK(seen.note(1, 2, SeenMessages::kKeptMs) == Found::kSeen);
    CHECK(seen.note(2, 1, SeenMessages::kKeptMs) == Found::kNew);  // It was forgotten.
  }
}

}  // namespace anabranch::seen_messages_test
