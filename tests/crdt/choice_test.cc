// The order of values, and the choices between siblings that need no function.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <anabranch/conflict.h>

#include "crdt/choice.h"
#include "crdt/resolve.h"
#include "crdt/value_order.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::choice_test {

using crdt::Cell;
using crdt::value_less;
using test::Random;

namespace {

// Values that are easily ordered in different ways, from the least to the greatest.
const std::vector<std::string>& in_order() {
  static const std::vector<std::string> kValues = {
      "-1e300",
      "-9223372036854775808",
      "-20",
      "-1",
      "-0",
      "0",
      "0.0",
      "00",
      "5e-324",
      "0.1",
      "1",
      "1.0",
      "1e0",
      "2",
      "9",
      "10",
      "9007199254740992",
      "9007199254740993",  // A double would round it to the one before.
      "9223372036854775807",
      "9223372036854775808",
      "1e300",
      // No numbers, in the order of their bytes.
      "",
      std::string("\0", 1),
      " 1",
      "+5",
      "0x10",
      "10 apples",
      "1e400",
      "9 apples",
      "inf",
      "nan",
      "word",
      "\xFF",
  };
  return kValues;
}

Cell random_cell(Random& random) {
  Cell cell;
  const std::size_t siblings = 1 + random.below(4);
  for (core::Seq seq = 1; seq <= siblings; ++seq) {
    const auto millis = static_cast<core::Millis>(random.below(3));
    cell.add({.dot = {random.below(3) + 1, seq},
              .hlc = core::Hlc::of(1000 + millis, 0),
              .value = random.pick(in_order()),
              .base = {}});
  }
  return cell;
}

std::string by_resolver(const Cell& cell, const Resolver& resolver) {
  Conflict conflict;
  for (const crdt::Sibling* const each : crdt::canonical_order(cell)) {
    conflict.siblings.push_back({.value = each->value, .base = {}, .region = {}});
  }
  return resolver.function()(conflict).value_or("declined");
}

}  // namespace

TEST_SUITE("crdt: choices") {
  TEST_CASE("values have one total order: numbers by their value, then all others by their bytes") {
    const std::vector<std::string>& values = in_order();
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t k = 0; k < values.size(); ++k) {
        CAPTURE(values[i]);
        CAPTURE(values[k]);
        CHECK(value_less(values[i], values[k]) == (i < k));
      }
    }
  }

  TEST_CASE("the last written is the last in canonical order") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 1000; ++i) {
      const Cell cell = random_cell(random);
      CHECK(crdt::last_written(cell) == *crdt::canonical_order(cell).back());
    }
  }

  TEST_CASE("greatest and least are the ends of the order of values, and what resolvers show") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 1000; ++i) {
      const Cell cell = random_cell(random);
      std::vector<std::string> values;
      for (const crdt::Sibling& each : cell.siblings) values.push_back(each.value);
      std::ranges::sort(values, value_less);
      CHECK(crdt::least(cell).value == values.front());
      CHECK(crdt::greatest(cell).value == values.back());
      CHECK(by_resolver(cell, Resolver::min()) == values.front());
      CHECK(by_resolver(cell, Resolver::max()) == values.back());
    }
  }

  TEST_CASE("of equal values the last written is chosen") {
    Cell cell;
    cell.add({.dot = {1, 1}, .hlc = core::Hlc::of(2000, 0), .value = "5", .base = {}});
    cell.add({.dot = {2, 1}, .hlc = core::Hlc::of(1000, 0), .value = "5", .base = {}});
    cell.add({.dot = {3, 1}, .hlc = core::Hlc::of(3000, 0), .value = "4", .base = {}});
    cell.add({.dot = {4, 1}, .hlc = core::Hlc::of(1000, 0), .value = "4", .base = {}});
    CHECK(crdt::greatest(cell).dot == core::Dot{1, 1});
    CHECK(crdt::least(cell).dot == core::Dot{3, 1});
  }
}

}  // namespace anabranch::choice_test
