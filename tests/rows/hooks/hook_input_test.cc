// What a hook gets.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/codec.h"
#include "rows/hooks/hook_input.h"

namespace anabranch::hook_input_test {

using core::Components;
using rows::OriginRegions;

namespace {

// Three siblings; their order by time, then origin, is "a", "b", "c".
crdt::Cell three_siblings() {
  crdt::Cell cell;
  cell.add({{3, 1}, core::Hlc::of(1000, 0), "a", std::nullopt});
  cell.add({{1, 7}, core::Hlc::of(2000, 0), "b", "was"});
  cell.add({{2, 4}, core::Hlc::of(2000, 0), "c", ""});
  return cell;
}

OriginRegions regions_of(const std::vector<std::pair<std::string, core::Origin>>& named) {
  OriginRegions regions;
  std::string value;
  core::Writer(value).array(1).uint64(0);
  for (const auto& [region, origin] : named) {
    crdt::Cell cell;
    cell.add({{origin, 1}, core::Hlc::of(1, 0), value, std::nullopt});
    regions.add(rows::origin_path(region, origin), cell);
  }
  return regions;
}

Conflict conflict_at(const Components& row) {
  return rows::to_conflict(rows::hook_input(row, "pre", three_siblings(), OriginRegions()));
}

// The public names of types are a layer further up.
std::string word_of(Type type) {
  if (type == Type::kString) return "string";
  if (type == Type::kList) return "list";
  if (type == Type::kSortedSet) return "zset";
  return type == Type::kNone ? "none" : "another type";
}

}  // namespace

TEST_SUITE("rows: hook input") {
  TEST_CASE("a hook gets the siblings in canonical order, with bases, times and regions") {
    const OriginRegions regions = regions_of({{"eu", 1}, {"us", 3}});
    const crdt::Cell cell = three_siblings();
    const Components row{"\1", "key", "s"};
    const Conflict conflict = rows::to_conflict(rows::hook_input(row, "ke", cell, regions));
    CHECK(conflict.key == "key");
    CHECK(conflict.prefix == "ke");
    CHECK(conflict.type == Type::kString);
    CHECK(conflict.path.empty());
    REQUIRE(conflict.siblings.size() == 3);
    CHECK(conflict.siblings[0].value == "a");
    CHECK(conflict.siblings[0].time_ms == 1000);
    CHECK(conflict.siblings[0].region == "us");
    CHECK_FALSE(conflict.siblings[0].base.has_value());
    CHECK(conflict.siblings[1].base == "was");
    CHECK(conflict.siblings[1].region == "eu");
    CHECK(conflict.siblings[2].base == "");
    CHECK(conflict.siblings[2].time_ms == 2000);
    CHECK(conflict.siblings[2].region.empty());
    CHECK(rows::public_siblings(cell, regions).back().value == "c");
  }

  TEST_CASE("a hook gets the names below the key, and the type of the value") {
    const auto at = [](const Components& row) {
      const Conflict conflict = conflict_at(row);
      std::string text = word_of(conflict.type) + " " + conflict.key;
      for (const std::string& name : conflict.path) text += "/" + name;
      return text;
    };
    CHECK(at({"\1", "k", "s"}) == "string k");
    CHECK(at({"\1", "k", "h", "f", "s"}) == "string k/f");
    CHECK(at({"\1", "k", "h", "f", "h", "g", "s"}) == "string k/f/g");
    CHECK(at({"\1", "k", "l", "pos"}) == "list k/pos");
    CHECK(at({"\1", "k", "h", "f", "z", "m"}) == "zset k/f/m");
    CHECK(at({"\1", "k", "?"}) == "none k");
    CHECK(at({"\1"}) == "none ");
  }
}

}  // namespace anabranch::hook_input_test
