// The list of regions, as it follows from its rows.

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

#include "regions/members/region_list.h"
#include "regions/state/origin_rewrites.h"
#include "storage/layout.h"
#include "tests/regions/parts.h"

namespace anabranch::region_list_test {

using core::Origin;
using core::Path;
using regions::Group;
using regions::RegionList;
using regions::Retirement;
using test::Parts;
using Origins = std::set<Origin>;

namespace {

struct RegionListWorld : Parts {
  RegionListWorld() : Parts("eu", 1) {}
  void say(const std::function<void(Group&)>& function) {
    write(function);
    list.load(*state.reader());
  }
  // A leader of a region has opened an origin after another one.
  void open(const std::string& region, Origin origin, Origin previous) {
    say([&](Group& group) {
      group.put(RegionList::origin_row(region, origin), RegionList::origin_value(previous));
    });
  }
  void retire(const std::string& region, Retirement retirement, std::vector<Origin> origins) {
    say([&](Group& group) {
      group.put(RegionList::retirement_row(region),
                RegionList::retirement_value(retirement, origins));
    });
  }
};

}  // namespace

TEST_SUITE("regions: region list") {
  TEST_CASE("an origin ends with the next one of its leader, and both are of one line") {
    RegionListWorld eu;
    eu.open("us", 5, 0);
    CHECK(eu.list.ended().empty());
    eu.open("us", 6, 5);
    CHECK(eu.list.ended() == Origins{5});
    CHECK(eu.list.succeeded(5));
    CHECK(eu.list.previous(6) == 5);
    CHECK(eu.list.line(6) == eu.list.line(5));
    CHECK(eu.list.region_of(6) == "us");
    CHECK(eu.list.region_of(7).empty());
    eu.open("us", 8, 0);  // Of another directory.
    CHECK(eu.list.line(8) != eu.list.line(5));
    CHECK(eu.list.line("us", 99, 6) == eu.list.line(5));
    CHECK(eu.list.line("us", 99, 98) == 0);
    CHECK(eu.list.line("ap", 5, 0) == 0);
  }

  TEST_CASE("the origins of a retired region have ended, those of a lost one are lost") {
    RegionListWorld eu;
    eu.open("us", 5, 0);
    eu.retire("us", Retirement::kRetired, {5});
    CHECK(eu.list.retirement("us") == Retirement::kRetired);
    CHECK(eu.list.ended() == Origins{5});
    CHECK_FALSE(eu.list.lost("us", 5));
    eu.retire("us", Retirement::kLost, {5});
    CHECK(eu.list.retirement("us") == Retirement::kLost);
    CHECK(eu.list.lost("us", 5));
    eu.open("us", 6, 0);  // It has joined again.
    CHECK(eu.list.retirement("us") == Retirement::kNone);
    CHECK(eu.list.lost("us", 5));
    CHECK_FALSE(eu.list.lost("us", 6));
  }

  TEST_CASE("the hash is that of the rows, whatever order they came in") {
    RegionListWorld eu;
    RegionListWorld us;
    CHECK(eu.list.hash() == us.list.hash());
    eu.open("us", 5, 0);
    CHECK(eu.list.hash() != us.list.hash());
    us.open("ap", 7, 0);
    RegionListWorld again;
    again.list.load(*eu.state.reader());
    CHECK(again.list.hash() == eu.list.hash());
    CHECK(regions_known(eu.list, eu.state.applied()) == std::set<std::string>{"eu", "us"});
  }

  TEST_CASE("rows of the list that nobody understands are left out") {
    RegionListWorld eu;
    const Path prefix = RegionList::prefix();
    eu.say([&](Group& group) {
      group.put(RegionList::origin_row("eu", 1), "no msgpack");
      group.put(RegionList::retirement_row("us"), "\x92\x07\x90");
      group.put(prefix.child("ap").append("o").append("short"), RegionList::origin_value(0));
      group.put(prefix.child("ap").append("new"), "what newer versions write");
      group.put(RegionList::origin_row("af", 5), RegionList::origin_value(4));
    });
    CHECK(eu.list.all().size() == 1);
    CHECK(eu.list.knows("af", 5));
  }

  TEST_CASE("rows of reigns and of letters to come are passed over, and are in no hash") {
    RegionListWorld eu;
    eu.open("us", 5, 0);
    eu.retire("ap", Retirement::kLost, {7});
    const core::Hash128 before = eu.list.hash();
    const std::set<core::Origin> ended = eu.list.ended();
    eu.say([&](Group& group) {
      for (const std::string region : {"us", "ap", "new"}) {
        for (const std::string tag : {"g", "z", "rr"}) {
          const Path row = RegionList::prefix().child(region).append(tag);
          group.put(row, "\x91\x03");
          group.put(row.child(storage::big_endian(5)), "\x91\x03");
          group.put(row.child(storage::big_endian(5)).append("x"), "\x91\x03");
        }
      }
    });
    CHECK(eu.list.hash() == before);
    CHECK(eu.list.ended() == ended);
    CHECK_FALSE(eu.list.all().contains("new"));
    CHECK(eu.list.previous(5) == 0);
  }

  TEST_CASE("a row names the directory of its origin, one of an earlier version none") {
    RegionListWorld eu;
    const core::Hash128 node{8, 9};
    eu.say([&](Group& group) {
      group.put(RegionList::origin_row("us", 5), RegionList::origin_value(4, node));
      group.put(RegionList::origin_row("us", 6), RegionList::origin_value(5));
    });
    const auto& origins = eu.list.all().find("us")->second.origins;
    CHECK(origins.at(5).node == node);
    CHECK(origins.at(5).previous == 4);
    CHECK(origins.at(6).node == core::Hash128{});
    CHECK(eu.list.waited_for("us") == 1);
  }

  TEST_CASE("a row that is written under new names keeps what was appended to it") {
    const std::string appended = "\x93\x05\x92\x08\x09\xA3new";
    regions::OriginRewrites names;
    names.add(5, {.after = 0, .origin = 15, .minus = 0});
    names.add(6, {.after = 0, .origin = 16, .minus = 0});
    const core::Put put = RegionList::renamed(
        {.path = RegionList::origin_row("us", 6), .value = appended, .base = {}, .context = {}},
        names);
    CHECK(put.path == RegionList::origin_row("us", 16));
    CHECK(put.value == "\x93\x0F\x92\x08\x09\xA3new");
    const core::Put reign = RegionList::renamed({.path = RegionList::reign_row("us", 6),
                                                 .value = RegionList::reign_value(3),
                                                 .base = {},
                                                 .context = {}},
                                                names);
    CHECK(reign.path == RegionList::reign_row("us", 16));
    CHECK(reign.value == RegionList::reign_value(3));
  }

  TEST_CASE("the greatest reign of a region counts, of two the one in the smaller origin") {
    RegionListWorld eu;
    CHECK(eu.list.newest_reign("us") == regions::ReignRow{});
    const auto write = [&](Origin origin, std::uint64_t reign) {
      eu.say([&](Group& group) {
        group.put(RegionList::reign_row("us", origin), RegionList::reign_value(reign));
      });
    };
    write(7, 2);
    write(5, 1);
    CHECK(eu.list.newest_reign("us") == regions::ReignRow{2, 7});
    CHECK(eu.list.newest_reign("eu") == regions::ReignRow{});
    write(5, 2);
    CHECK(eu.list.newest_reign("us") == regions::ReignRow{2, 5});
    write(7, 3);
    CHECK(eu.list.newest_reign("us") == regions::ReignRow{3, 7});
    CHECK(eu.list.reign_in("us", 5) == 2);
    CHECK(eu.list.reign_in("us", 8) == 0);
  }

  TEST_CASE("what newer versions append to a retirement is skipped") {
    RegionListWorld eu;
    eu.say([&](Group& group) {
      group.put(RegionList::origin_row("us", 5), RegionList::origin_value(0));
      group.put(RegionList::retirement_row("us"), "\x93\x01\x90\xA3new");
    });
    CHECK(eu.list.retirement("us") == Retirement::kRetired);
  }
}

}  // namespace anabranch::region_list_test
