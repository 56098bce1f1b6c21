// What a hook gets, and the bytes that stand for it.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/codec.h"
#include "rows/hooks/hook_input.h"

using namespace anabranch;
using core::Components;
using rows::HookInput;
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

std::string bytes_of(const HookInput& input) {
  std::string bytes;
  rows::append_hook_input(bytes, input);
  return bytes;
}

Conflict conflict_at(const Components& row) {
  return rows::to_conflict(rows::hook_input(row, "pre", three_siblings(), OriginRegions()));
}

using Names = std::vector<std::string>;

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

  TEST_CASE("the bytes of an input are these") {
    crdt::Cell cell;
    cell.add({{1, 1}, core::Hlc::of(258, 0), "v", std::nullopt});
    cell.add({{2, 1}, core::Hlc::of(259, 0), "", "b"});
    const OriginRegions regions = regions_of({{"eu", 1}});
    const Components row{"\1", "key", "h", "f", "s"};
    const std::string bytes = bytes_of(rows::hook_input(row, "k", cell, regions));
    const std::string none(4, '\xff');
    const auto u32 = [](char byte) { return std::string{byte, 0, 0, 0}; };
    const auto i64 = [](char low) { return std::string{low, 1, 0, 0, 0, 0, 0, 0}; };
    CHECK(bytes == u32(2) + u32(3) + "key" + u32(1) + "k" + u32('s') + u32(1) + u32(1) + "f" +
                       i64(2) + u32(2) + "eu" + none + u32(1) + "v" +  //
                       i64(3) + u32(0) + u32(1) + "b" + u32(0));
  }

  TEST_CASE("inputs that differ in anything have other bytes") {
    const OriginRegions regions = regions_of({{"eu", 1}, {"us", 3}});
    const crdt::Cell cell = three_siblings();
    const Components row{"\1", "key", "h", "f", "s"};
    const HookInput input = rows::hook_input(row, "k", cell, regions);
    std::set<std::string> all{bytes_of(input)};
    const auto add = [&](const auto& change) {
      HookInput other = input;
      change(other);
      CHECK(all.insert(bytes_of(other)).second);
    };
    add([](HookInput& of) { of.key = "ke"; });
    add([](HookInput& of) { of.prefix = "ke"; });
    add([](HookInput& of) { of.type = Type::kList; });
    add([](HookInput& of) { of.path = {}; });
    add([](HookInput& of) { of.path = {"f", ""}; });
    add([](HookInput& of) { of.siblings.pop_back(); });
    add([](HookInput& of) { std::swap(of.siblings[0], of.siblings[1]); });
    add([](HookInput& of) { of.siblings[0].base = ""; });
    add([](HookInput& of) { of.siblings[2].base.reset(); });
    add([](HookInput& of) { of.siblings[0].region = ""; });
    add([](HookInput& of) { of.siblings[0].time_ms = -1; });
    add([](HookInput& of) { of.siblings[0].value = "aa"; });
  }
}
