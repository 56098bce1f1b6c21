// The regions of origins, as rows name them.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/codec.h"
#include "rows/policy/origin_regions.h"

namespace anabranch::origin_regions_test {

using core::Path;
using rows::OriginRegions;

namespace {

crdt::Cell cell_of(const std::vector<std::string>& values) {
  crdt::Cell cell;
  core::Seq seq = 0;
  for (const std::string& value : values) {
    cell.add({.dot = {1, ++seq}, .hlc = core::Hlc::of(1000, 0), .value = value, .base = {}});
  }
  return cell;
}

std::string after(core::Origin previous) {
  std::string bytes;
  core::Writer(bytes).array(1).uint64(previous);
  return bytes;
}

}  // namespace

TEST_SUITE("rows: origin regions") {
  TEST_CASE("a row names the region of an origin") {
    OriginRegions regions;
    regions.add(rows::origin_path("eu", 7), cell_of({after(0)}));
    regions.add(rows::origin_path("us", 8), cell_of({after(5)}));
    CHECK(regions.find(7) == "eu");
    CHECK(regions.find(8) == "us");
    CHECK(regions.find(5).empty());
  }

  TEST_CASE("of two regions that name one origin the greatest name counts") {
    OriginRegions regions;
    regions.add(rows::origin_path("ap", 7), cell_of({after(0)}));
    regions.add(rows::origin_path("us", 7), cell_of({after(0)}));
    CHECK(regions.find(7) == "us");
  }

  TEST_CASE("rows that make no sense name nothing") {
    OriginRegions regions;
    regions.add(rows::origin_path("eu", 7), cell_of({"no msgpack"}));
    regions.add(rows::origin_path("eu", 0), cell_of({after(0)}));
    regions.add(rows::regions_path().child("eu").append("r"), cell_of({after(0)}));
    regions.add(rows::regions_path().child("eu").append("o").append("short"), cell_of({after(0)}));
    regions.add(Path{"\1", "region", "eu", "o", "12345678"}, cell_of({after(0)}));
    CHECK(regions == OriginRegions());
    regions.add(rows::origin_path("eu", 7), cell_of({"no msgpack", after(0)}));
    CHECK(regions.find(7) == "eu");
  }

  TEST_CASE("a path says which origin it is about, and a value which one was before") {
    const auto row = rows::read_origin_path(rows::origin_path("eu", 7));
    REQUIRE(row.has_value());
    CHECK(row->region == "eu");
    CHECK(row->origin == 7);
    CHECK_FALSE(rows::read_origin_path(rows::regions_path()).has_value());
    CHECK(rows::read_previous_origin(after(5)) == 5);
    CHECK_FALSE(rows::read_previous_origin("").has_value());
  }
}

}  // namespace anabranch::origin_regions_test
