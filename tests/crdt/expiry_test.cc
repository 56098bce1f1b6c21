// Expiries as values in a cell: the deadlines that are put in order, and which expiry decides.

#include "crdt/expiry.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

namespace anabranch::expiry_test {

using core::Millis;
using crdt::Cell;
using crdt::Expiry;
using crdt::Sibling;

namespace {

// The cell of a key to which several origins, 1, 2, ..., have concurrently given these deadlines.
Cell cell_with(const std::vector<Millis>& deadlines, Type type) {
  Cell cell;
  for (const Millis deadline : deadlines) {
    const core::Origin origin = cell.siblings.size() + 1;
    cell.add(Sibling{.dot = {origin, 1},
                     .hlc = core::Hlc::of(1'000, 0),
                     .value = crdt::encode_expiry({.deadline = deadline, .type = type}),
                     .base = std::nullopt});
  }
  return cell;
}

}  // namespace

TEST_SUITE("crdt: expiry") {
  TEST_CASE("the deadlines of a cell are sorted, each once, whoever wrote them") {
    const Cell cell = cell_with({9'000, Expiry::kNever, 3'000, 9'000}, Type::kSet);
    CHECK(crdt::deadlines(cell) == std::vector<Millis>{3'000, 9'000, Expiry::kNever});
    CHECK(crdt::deadlines(Cell()).empty());
  }

  TEST_CASE("the longest expiry decides, and of equally long ones that of the smallest dot") {
    const crdt::ShownKey key{.type = Type::kSet};
    const Cell cell = cell_with({3'000, 9'000, 5'000, 9'000}, Type::kSet);
    const auto deciding = crdt::deciding_expiry(cell, key);
    REQUIRE(deciding);
    CHECK(deciding->expiry.deadline == 9'000);
    CHECK(deciding->sibling->dot == core::Dot{2, 1});
  }

  TEST_CASE("an expiry of a type that the key does not show decides nothing") {
    const Cell cell = cell_with({9'000}, Type::kSet);
    CHECK_FALSE(crdt::deciding_expiry(cell, {.type = Type::kMap}));
    CHECK_FALSE(crdt::deciding_expiry(Cell(), {.type = Type::kSet}));
  }
}

}  // namespace anabranch::expiry_test
