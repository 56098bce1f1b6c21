// Visible values: the order of siblings, resolvers and their failures, strings that are numbers.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "crdt/resolve.h"

using namespace anabranch;
using crdt::Cell;
using crdt::Resolution;
using crdt::resolve;
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

std::string region(core::Origin origin) { return origin == 2 ? "" : "r" + std::to_string(origin); }

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

  TEST_CASE("a conflict has the siblings with their bases, times and regions") {
    const Conflict conflict = crdt::make_conflict("key", three_siblings(), region);
    CHECK(conflict.key == "key");
    REQUIRE(conflict.siblings.size() == 3);
    CHECK(conflict.siblings[0].value == "a");
    CHECK(conflict.siblings[0].time_ms == 1000);
    CHECK(conflict.siblings[0].region == "r3");
    CHECK_FALSE(conflict.siblings[0].base.has_value());
    CHECK(conflict.siblings[1].base == "was");
    CHECK(conflict.siblings[2].time_ms == 2000);
    CHECK(conflict.siblings[2].region.empty());
  }

  TEST_CASE("lww and siblings show the last writer") {
    CHECK(resolve("key", three_siblings(), Resolver::lww(), region).value == "c");
    CHECK(resolve("key", three_siblings(), Resolver::siblings(), region).value == "c");
  }

  TEST_CASE("a function of the application decides") {
    const Resolver first = [](const Conflict& conflict) { return conflict.siblings.front().value; };
    const Resolution resolution = resolve("key", three_siblings(), first, region);
    CHECK(resolution.value == "a");
    CHECK_FALSE(resolution.overruled);
  }

  TEST_CASE("max and min compare numbers as numbers, before everything else") {
    const auto shown_of = [](const std::vector<std::string>& values, const Resolver& resolver) {
      Cell cell;
      core::Seq seq = 0;
      for (const std::string& value : values) cell.add({{1, ++seq}, {}, value, std::nullopt});
      return resolve("key", cell, resolver, region).value;
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

  TEST_CASE("a function that declines gives way to lww") {
    const Resolver declines{"shy", [](const Conflict&) { return std::nullopt; }};
    const Resolution resolution = resolve("key", three_siblings(), declines, region);
    CHECK(resolution.value == "c");
    CHECK_FALSE(resolution.overruled);
    CHECK(resolve("key", three_siblings(), Resolver{"empty", {}}, region).value == "c");
  }

  TEST_CASE("a function that throws is overruled by lww") {
    const Resolver throws{"bad", [](const Conflict&) -> std::optional<std::string> {
                            throw std::runtime_error("no");
                          }};
    const Resolver throws_anything{"worse",
                                   [](const Conflict&) -> std::optional<std::string> { throw 1; }};
    for (const Resolver& resolver : {throws, throws_anything}) {
      const Resolution resolution = resolve("key", three_siblings(), resolver, region);
      CHECK(resolution.value == "c");
      CHECK(resolution.overruled);
    }
  }

  TEST_CASE("a cell with one sibling asks no resolver") {
    Cell cell;
    cell.add({{1, 1}, {}, "only", std::nullopt});
    bool asked = false;
    const Resolver asks = [&](const Conflict&) {
      asked = true;
      return std::string("other");
    };
    CHECK(resolve("key", cell, asks, region).value == "only");
    CHECK_FALSE(asked);
  }

  TEST_CASE("resolvers have names") {
    const auto function = [](const Conflict&) { return std::string(); };
    CHECK(Resolver::lww().name() == "lww");
    CHECK(Resolver::siblings().name() == "siblings");
    CHECK(Resolver(function).name() == "unnamed");
    CHECK(Resolver("longest", function).name() == "longest");
  }
}

TEST_SUITE("crdt: strings") {
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
    CHECK(shown("5", tally_of(core::Number::real(std::numeric_limits<double>::infinity()))) ==
          "failure");
  }

  TEST_CASE("siblings are resolved first, then the tally is added") {
    Cell cell;
    cell.add({{1, 1}, {1}, "10", std::nullopt});
    cell.add({{2, 1}, {2}, "20", std::nullopt});
    CHECK(shown(resolve("key", cell, Resolver::lww(), region).value, tally_of(1)) == "21");
    const Resolver first = [](const Conflict& conflict) { return conflict.siblings.front().value; };
    CHECK(shown(resolve("key", cell, first, region).value, tally_of(1)) == "11");
  }
}
