// Visible values: the order of siblings, resolvers that are built in, strings that are numbers.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <anabranch/conflict.h>

#include "crdt/resolve.h"

namespace anabranch::resolve_test {

using crdt::Cell;
using crdt::shown_string;
using crdt::Tally;

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// Three siblings; their order by time, then origin, is "a", "b", "c".
Cell three_siblings() {
  Cell cell;
  cell.add({{3, 1}, core::Hlc::of(1000, 0), "a", std::nullopt});
  cell.add({{1, 7}, core::Hlc::of(2000, 0), "b", "was"});
  cell.add({{2, 4}, core::Hlc::of(2000, 0), "c", std::nullopt});
  return cell;
}

Tally tally_of(core::Number sum) {
  Tally tally;
  crdt::Slot& slot = tally.slot(1);
  slot.birth = slot.seq = 1;
  slot.total = sum;
  return tally;
}

std::string shown(const std::optional<std::string>& resolved, const Tally& tally) {
  const auto result = shown_string(resolved, tally);
  if (!result.ok()) {
    CHECK(result.failure().code == ErrorCode::kInvalid);
    return "failure";
  }
  return result.value().value_or("nothing");
}

}  // namespace

TEST_SUITE("crdt: resolve") {
  TEST_CASE("siblings are ordered by time, then origin, then seq") {
    Cell cell = three_siblings();
    cell.add({{2, 3}, core::Hlc::of(2000, 0), "before c", std::nullopt});
    cell.add({{9, 9}, core::Hlc::of(999, 65535), "first", std::nullopt});
    std::vector<std::string> values;
    for (const crdt::Sibling* sibling : crdt::canonical_order(cell))
      values.push_back(sibling->value);
    CHECK(values == std::vector<std::string>{"first", "a", "b", "before c", "c"});
  }

  TEST_CASE("max and min compare numbers as numbers, before everything else") {
    const auto shown_of = [](const std::vector<std::string>& values, const Resolver& resolver) {
      Conflict conflict;
      for (const std::string& value : values) {
        conflict.siblings.push_back({.value = value, .base = {}, .region = {}});
      }
      return resolver.function()(conflict);
    };
    const auto check = [&](std::vector<std::string> values, const char* least, const char* most) {
      for (int order = 0; order < 2; ++order) {
        CHECK(shown_of(values, Resolver::min()) == least);
        CHECK(shown_of(values, Resolver::max()) == most);
        std::ranges::reverse(values);
      }
    };
    check({"9", "10", "-2"}, "-2", "10");
    check({"2.5", "2", "1e1"}, "2", "1e1");
    check({"9223372036854775807", "9223372036854775806"}, "9223372036854775806",
          "9223372036854775807");
    check({"9007199254740993", "9007199254740992.0"}, "9007199254740992.0", "9007199254740993");
    check({"1", "1.0", "01"}, "01", "1.0");  // Equal numbers go by their bytes.
    check({"word", "Word", "99"}, "99", "word");
    check({"", "0", "inf", "nan"}, "0", "nan");
    CHECK(Resolver::max().name() == "max");
    CHECK(Resolver::min().name() == "min");
  }

  TEST_CASE("resolvers have names, and those that are built in say so") {
    const auto function = [](const Conflict&) { return std::string(); };
    CHECK(Resolver::lww().name() == "lww");
    CHECK(Resolver::siblings().name() == "siblings");
    CHECK(Resolver(function).name() == "unnamed");
    CHECK(Resolver("longest", function).name() == "longest");
    CHECK_FALSE(Resolver("max", function).is_built_in());
    for (const Resolver& each :
         {Resolver::lww(), Resolver::siblings(), Resolver::max(), Resolver::min()}) {
      CHECK(each.is_built_in());
    }
  }
}

TEST_SUITE("crdt: strings") {
  TEST_CASE("slots of doubles add up as decimals, and what a reset took back goes as one") {
    Tally tally = tally_of(core::Number::real(0.1));
    crdt::Slot& second = tally.slot(2);
    second.birth = second.seq = 1;
    second.total = core::Number::real(0.2);
    CHECK(tally.sum() ==
          core::Number::real(0.1 + 0.2));  // As every version stores and compares it.
    CHECK(shown(std::nullopt, tally) == "0.3");
    CHECK(shown("9007199254740993", tally) == "9007199254740993.3");
    second.seq = 2;
    second.total = core::Number::real(0.7);
    second.base_seq = 1;
    second.base = core::Number::real(0.2);
    CHECK(shown(std::nullopt, tally) == "0.6");
  }

  TEST_CASE("an integer in the cell and the tally are added") {
    CHECK(shown("5", tally_of(3)) == "8");
    CHECK(shown("-5", tally_of(5)) == "0");
    CHECK(shown("5", {}) == "5");
    CHECK(shown(std::nullopt, tally_of(-3)) == "-3");
    CHECK(shown(std::nullopt, tally_of(0)) == "0");
    CHECK(shown(std::nullopt, {}) == "nothing");
    CHECK(shown("", {}) == "");
  }

  TEST_CASE("a cell that is no integer hides the tally") {
    for (const char* bytes : {"abc", "", "05", "+5", " 5", "5 ", "-0", "5.0"}) {
      CAPTURE(bytes);
      CHECK(shown(bytes, tally_of(3)) == bytes);
    }
  }

  TEST_CASE("dead slots count nothing") {
    Tally tally = tally_of(3);
    tally.slots[0].base_seq = 1;
    tally.slots[0].base = 3;
    CHECK(shown("5", tally) == "5");
    CHECK(shown(std::nullopt, tally) == "nothing");
  }

  TEST_CASE("a sum outside 64 bits is a failure, and one that comes back inside is none") {
    CHECK(shown(std::to_string(kMax), tally_of(1)) == "failure");
    CHECK(shown(std::to_string(kMin), tally_of(-1)) == "failure");
    CHECK(shown(std::nullopt, tally_of(core::Number::integer(core::Int128{kMax} + 1))) ==
          "failure");
    CHECK(shown("-1", tally_of(core::Number::integer(core::Int128{kMax} + 1))) ==
          std::to_string(kMax));
    CHECK(shown("abc", tally_of(core::Number::integer(core::Int128{kMax} + 1))) == "abc");
  }

  TEST_CASE("a live double makes the sum one, a dead double does not") {
    Tally tally = tally_of(3);
    crdt::Slot& dead = tally.slot(2);
    dead.birth = dead.seq = dead.base_seq = 1;
    dead.total = dead.base = core::Number::real(0.5);
    CHECK(tally.sum() == core::Number(3));
    CHECK(shown("5", tally) == "8");
    CHECK(shown("5", tally_of(core::Number::real(0.5))) == "5.5");
    CHECK(shown(std::nullopt, tally_of(core::Number::real(0.1))) == "0.1");
    CHECK(shown(std::nullopt, tally_of(core::Number::real(1e5))) == "100000");
    CHECK(shown("-7", tally_of(core::Number::real(-1e22))) == "-10000000000000000000007");
    CHECK(shown("5", tally_of(core::Number::real(std::numeric_limits<double>::infinity()))) ==
          "failure");
  }
}

}  // namespace anabranch::resolve_test
