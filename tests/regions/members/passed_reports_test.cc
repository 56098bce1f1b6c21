// RegionReports on their way: a leader that passes one on cannot change it.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>

#include "regions/members/region_reports.h"
#include "tests/regions/delivery/signed_world.h"

namespace anabranch::passed_reports_test {

using regions::RegionReport;
using test::SignedWorld;

namespace {

constexpr std::size_t kEu = 0;
constexpr std::size_t kUs = 1;
constexpr std::size_t kAp = 2;
constexpr core::Origin kOriginEu = 1;

SignedWorld line() {
  SignedWorld world({"eu", "us", "ap"}, SignedWorld::Listed::kYes);
  world.connect(kEu, kUs);
  world.connect(kUs, kAp);
  return world;
}

const RegionReport* found(SignedWorld& world, std::size_t at) {
  return world.replica(at).keeper().reports().find(kOriginEu);
}

}  // namespace

TEST_SUITE("regions: passed reports") {
  TEST_CASE("what a region has on its disk is known of it behind others") {
    SignedWorld world = line();
    world.put(kEu, "key", "value");
    world.run(10);
    REQUIRE(found(world, kAp) != nullptr);
    CHECK(found(world, kAp)->durable == world.replica(kEu).applied().vector());
    CHECK(found(world, kAp)->region == "eu");
    CHECK(world.alarms.empty());
  }

  TEST_CASE("a report that gets lost comes again, one that is known does not") {
    SignedWorld world = line();
    int sent = 0;
    world.filter = [&](std::size_t from, std::size_t to, const regions::Message& message) {
      const auto* report = std::get_if<RegionReport>(&message);
      if (report == nullptr || from != kUs || to != kAp || report->region != "eu") return true;
      return ++sent > 3;
    };
    world.run(20);
    CHECK(found(world, kAp) != nullptr);
    const int until_now = sent;
    world.run(20);  // No region writes.
    CHECK(sent == until_now);
  }

  TEST_CASE("who passes a report on cannot change it") {
    bool past = false;
    SUBCASE("") {}
    SUBCASE("nor say whose past it is") { past = true; }
    SignedWorld world = line();
    world.run(5);
    REQUIRE(found(world, kAp) != nullptr);
    world.filter = [&past](std::size_t from, std::size_t to, regions::Message& message) {
      auto* report = std::get_if<RegionReport>(&message);
      if (report != nullptr && from == kUs && to == kAp && report->region == "eu") {
        report->durable.raise(kOriginEu, 1'000);
        ++report->number;
        report->previous = past ? kOriginEu : 0;
      }
      return true;
    };
    world.put(kEu, "key", "value");
    world.run(10);
    CHECK(found(world, kAp)->durable.at(kOriginEu) < 1'000);
    REQUIRE(world.alarms.size() == 1);
    CHECK(world.alarms[0] ==
          "region us passes on a report of region eu that no known key of that has signed");
  }

  TEST_CASE("nobody speaks for an origin that is listed as another region's") {
    SignedWorld world = line();
    world.run(5);
    REQUIRE(found(world, kAp) != nullptr);
    const RegionReport before = *found(world, kAp);
    RegionReport mine{.region = "us", .origin = kOriginEu, .number = before.number + 1};
    mine.signature = std::string(64, 's');
    world.inject(kUs, kAp, mine);
    CHECK(*found(world, kAp) == before);
    // Nor for one that is not listed at all.
    world.inject(kUs, kAp, RegionReport{.region = "xx", .origin = 99, .number = 1});
    CHECK(world.replica(kAp).keeper().reports().find(99) == nullptr);
  }
}

}  // namespace anabranch::passed_reports_test
