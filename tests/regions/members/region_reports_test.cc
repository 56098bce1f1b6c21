// RegionReports: the one that counts, and the ones that outlive a restart.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "regions/members/region_reports.h"
#include "storage/memory_storage.h"

namespace anabranch::region_reports_test {

using core::VersionVector;
using regions::RegionReport;
using regions::RegionReports;

namespace {

RegionReport said(const std::string& region, core::Origin origin, std::uint64_t number,
                  VersionVector durable = {}) {
  return {.region = region, .origin = origin, .number = number, .durable = std::move(durable)};
}

}  // namespace

TEST_SUITE("regions: reports") {
  TEST_CASE("of each incarnation the greatest number counts, however late another one comes") {
    RegionReports reports;
    CHECK(reports.take(said("eu", 1, 7, {{1, 7}})));
    CHECK_FALSE(reports.take(said("eu", 1, 7, {{1, 9}})));
    CHECK_FALSE(reports.take(said("eu", 1, 6, {{1, 9}})));
    CHECK(reports.find(1)->durable == VersionVector{{1, 7}});
    CHECK(reports.take(said("eu", 1, 8, {{1, 3}})));  // Also when it shows less.
    CHECK(reports.take(said("eu", 2, 1)));
    CHECK(reports.numbers() == VersionVector{{1, 8}, {2, 1}});
    CHECK(reports.knows("eu"));
    CHECK_FALSE(reports.knows("us"));
  }

  TEST_CASE("what is known outlives a restart, and what was forgotten stays forgotten") {
    storage::MemoryStorage storage;
    REQUIRE(storage.open().ok());
    RegionReports reports;
    CHECK(reports.take(said("eu", 1, 7, {{1, 7}})));
    CHECK(reports.take(said("us", 2, 3)));
    CHECK(reports.changed());
    REQUIRE(storage.commit({}, reports.take_changes()).ok());
    CHECK_FALSE(reports.changed());
    auto loaded = RegionReports::load(*storage.snapshot());
    REQUIRE(loaded.ok());
    CHECK(loaded.value().all() == reports.all());
    CHECK(loaded.value().numbers() == reports.numbers());
    CHECK_FALSE(loaded.value().changed());
    reports.retain([](const RegionReport& each) { return each.region == "us"; });
    CHECK(reports.numbers() == VersionVector{{2, 3}});
    REQUIRE(storage.commit({}, reports.take_changes()).ok());
    CHECK(RegionReports::load(*storage.snapshot()).value().all() == reports.all());
  }

  TEST_CASE("what is signed says that it is a report, of which mesh and of whom") {
    const RegionReport report = said("eu", 1, 7);
    const std::string bytes = regions::signed_bytes({1, 2}, report);
    CHECK(bytes.substr(0, 22) ==
          "\x99\xB4"
          "anabranch standing 1");
    CHECK(bytes != regions::signed_bytes({1, 3}, report));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("us", 1, 7)));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("eu", 2, 7)));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("eu", 1, 8)));
  }

  TEST_CASE("a report that cannot be is refused") {
    const auto refused = [](const RegionReport& report) {
      std::string bytes;
      core::Writer out(bytes);
      write_report(out, report);
      core::Reader in(bytes);
      (void)regions::read_report(in);
      return !in.done();
    };
    CHECK_FALSE(refused(said("eu", 1, 1)));
    CHECK(refused(said("", 1, 1)));
    CHECK(refused(said("eu", 0, 1)));
    CHECK(refused(said("eu", 1, 0)));
    RegionReport report = said("eu", 1, 1);
    report.open = {3, 2};
    CHECK(refused(report));
    report.open = {2, 3};
    report.signature = "short";
    CHECK(refused(report));
  }
}

}  // namespace anabranch::region_reports_test
