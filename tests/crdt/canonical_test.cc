// Canonical content: equal exactly when the paths and the counting parts of the rows are equal.
// Digests compare it between regions, so a part that it leaves out may differ there unnoticed.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "crdt/canonical.h"
#include "tests/crdt/random.h"
#include "tests/crdt/random_row.h"
#include "tests/seed.h"

namespace anabranch::canonical_test {

using crdt::canonical;
using crdt::Row;
using crdt::Slot;
using test::Random;
using test::random_row;

namespace {

const core::Path kKey{"key"};

Row without_dead_slots(Row row) {
  std::erase_if(row.tally.slots, [](const Slot& slot) { return slot.dead(); });
  return row;
}

// One sibling and one live slot.
Row small_row() {
  Row row;
  row.cell.add({{1, 5}, {7}, "abc", "ab"});
  Slot& slot = row.tally.slot(2);
  slot.birth = 2;
  slot.seq = 4;
  slot.total = 10;
  slot.base_seq = 3;
  slot.base = 8;
  slot.reset = {3, 6};
  return row;
}

}  // namespace

TEST_SUITE("crdt: canonical content") {
  TEST_CASE("dead slots do not show in it") {
    for (int run = 0; run < 2'000; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      const Row row = random_row(random);
      CHECK(canonical(kKey, row) == canonical(kKey, without_dead_slots(row)));
      CHECK(crdt::row_digest(kKey, row) == crdt::row_digest(kKey, without_dead_slots(row)));
    }
  }

  TEST_CASE("every field that counts shows in it") {
    using Change = std::function<void(Row&)>;
    const std::vector<Change> changes = {
        [](Row& row) { row.cell.siblings[0].dot.origin = 2; },
        [](Row& row) { row.cell.siblings[0].dot.seq = 6; },
        [](Row& row) { row.cell.siblings[0].hlc.bits = 8; },
        [](Row& row) { row.cell.siblings[0].value = "abd"; },
        [](Row& row) { row.cell.siblings[0].base = "ac"; },
        [](Row& row) { row.cell.siblings[0].base = std::nullopt; },
        [](Row& row) { row.cell.siblings[0].base = ""; },
        [](Row& row) { row.cell.siblings.clear(); },
        [](Row& row) {
          row.cell.add({{9, 9}, {9}, "", std::nullopt});
        },
        [](Row& row) { row.tally.slots[0].origin = 3; },
        [](Row& row) { row.tally.slots[0].birth = 1; },
        [](Row& row) { row.tally.slots[0].seq = 5; },
        [](Row& row) { row.tally.slots[0].total = 11; },
        [](Row& row) { row.tally.slots[0].total = core::Number::real(10); },
        [](Row& row) { row.tally.slots[0].base = 7; },
        [](Row& row) { row.tally.slots[0].base_seq = 4; },
    };
    std::vector<std::string> contents = {canonical(kKey, small_row()),
                                         canonical({"k"}, small_row())};
    for (const Change& change : changes) {
      Row row = small_row();
      change(row);
      contents.push_back(canonical(kKey, row));
    }
    std::ranges::sort(contents);
    CHECK(std::ranges::adjacent_find(contents) == contents.end());
  }

  TEST_CASE("it is equal for equal content only") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    for (int run = 0; run < 20'000; ++run) {
      // Short values and few of them, so that a missing length would be noticed.
      const auto tiny = [&] {
        Row row;
        for (core::Seq seq = 1; seq <= 2; ++seq) {
          if (random.chance(0.5))
            row.cell.add({{1, seq}, {}, std::string(random.below(3), '\0'), {}});
          if (!row.cell.siblings.empty() && random.chance(0.3)) {
            row.cell.siblings.back().base = std::string(random.below(3), '\0');
          }
        }
        return row;
      };
      const Row x = tiny();
      const Row y = tiny();
      REQUIRE((canonical(kKey, x) == canonical(kKey, y)) == (x == y));
    }
  }

  TEST_CASE("how far a reset reached, and which one, is left out while the slot is live") {
    Row row = small_row();
    row.tally.slots[0].base_seq = 2;
    row.tally.slots[0].reset = {9, 9};
    CHECK(canonical(kKey, row) == canonical(kKey, small_row()));
  }

  TEST_CASE("a row in which nothing counts has no share in a digest") {
    Row row = small_row();
    CHECK(crdt::row_digest(kKey, row) != core::Hash128{});
    CHECK(crdt::row_digest(kKey, row) != crdt::row_digest({"k"}, row));
    row.cell.siblings.clear();
    CHECK(crdt::row_digest(kKey, row) != core::Hash128{});
    row.tally.slots[0].base_seq = 4;
    CHECK(crdt::row_digest(kKey, row) == core::Hash128{});
    CHECK(crdt::row_digest(kKey, Row()) == core::Hash128{});
  }

  TEST_CASE("the format is the documented one") {
    Row row;
    row.cell.add({{1, 2}, {3}, "v", std::nullopt});
    Slot& slot = row.tally.slot(4);
    slot.birth = 5;
    slot.seq = 6;
    slot.total = -7;
    slot.base = core::Number::real(2);
    const auto number = [](char last) { return std::string(7, '\0') + last; };
    const std::string sibling = number(1) + number(2) + number(3) + number(1) + "v" + '\0';
    const std::string minus_seven = '\0' + std::string(15, '\xff') + '\xf9';
    const std::string two = '\1' + std::string("\x40\0\0\0\0\0\0\0", 8);
    CHECK(canonical({"k"}, row) == number(3) + std::string("k\0\1", 3) + number(1) + sibling +
                                       number(1) + number(4) + number(5) + number(6) + minus_seven +
                                       two);
  }
}

}  // namespace anabranch::canonical_test
