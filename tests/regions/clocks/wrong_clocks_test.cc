// Wrong clocks in meshes: they are named, and no write waits for one.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::wrong_clocks_test {

using core::Millis;
using core::Path;
using regions::Group;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr Millis kDrift = 60'000;
constexpr Millis kWall = 1'700'000'000'000;
constexpr Millis kHour = 3'600'000;
constexpr Millis kTo2099 = Millis{75} * 31'557'600'000;

// How many alarms of a region begin so.
std::ptrdiff_t alarms(LinkedNodes& mesh, std::size_t at, std::string_view begin) {
  return std::ranges::count_if(mesh.alarms(at),
                               [&](const std::string& alarm) { return alarm.starts_with(begin); });
}

void put(LinkedNodes& mesh, std::size_t at, const std::string& value) {
  mesh.write(at, [&](Group& group) { group.put(Path{"\1", "k", "s"}, value); });
}

}  // namespace

TEST_SUITE("regions: wrong clocks") {
  TEST_CASE("a clock in 2099 is named and not followed, and its region's writes arrive") {
    LinkedNodes mesh;
    for (core::Origin origin = 1; origin <= 3; ++origin) {
      mesh.add(
          std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                         .region = "r" + std::to_string(origin - 1),
                                                         .fresh_origin = origin,
                                                         .nonce = origin},
                                 nullptr, 1));
    }
    for (std::size_t one = 0; one < 3; ++one) {
      for (std::size_t other = 0; other < one; ++other) mesh.connect(one, other);
    }
    mesh.set_clock_ahead(1, kTo2099);
    mesh.run(10'000);
    put(mesh, 1, "from 2099");
    CHECK(mesh.run_until_equal(100));
    put(mesh, 0, "after it");
    CHECK(mesh.run_until_equal(100));
    const auto row = mesh.at(2).replica().reader()->row({"\1", "k", "s"});
    REQUIRE(row.cell.siblings.size() == 1);
    CHECK(row.cell.siblings[0].value == "after it");
    CHECK(row.cell.siblings[0].hlc.millis() <= mesh.now() + kDrift + 10);
    mesh.run(10'000);
    for (const std::size_t at : {0U, 2U}) {
      CHECK(alarms(mesh, at, "the clock of region r1 is 75 years ahead") == 1);
      // Since it wrote some seconds have gone by: full years are named.
      CHECK(alarms(mesh, at, "the clock of region r1 was 74 years ahead when it wrote last") == 1);
      CHECK(mesh.alarms(at).size() == 2);
    }
    CHECK(mesh.alarms(1).size() == 2);
    CHECK(alarms(mesh, 1, "the clock of this machine is 75 years ahead") == 1);
    CHECK(alarms(mesh, 1, "the clock of this machine has moved by 75 years forwards") == 1);
    mesh.set_clock_ahead(1, 0);
    mesh.run(10'000);
    CHECK(alarms(mesh, 1, "the clock of this machine has moved by 75 years backwards") == 1);
    CHECK(mesh.at(0).replica().time().clocks().complaints(mesh.now()).empty());
    mesh.set_clock_ahead(1, kHour);
    mesh.run(10'000);
    CHECK(alarms(mesh, 0, "the clock of region r1 is") == 2);  // It was right in between.
  }

  TEST_CASE("a region that was ahead goes on winning, is named, and begins anew when told to") {
    LinkedNodes mesh;
    const auto node = [&](core::Origin origin, std::unique_ptr<storage::MemoryStorage> disk,
                          Millis wall) {
      const regions::ReplicaOptions options{.mesh = {1, 1},
                                            .region = "r" + std::to_string((origin - 1) % 2),
                                            .fresh_origin = origin,
                                            .nonce = origin,
                                            .new_origin = disk != nullptr,
                                            .announce = true};
      return std::make_unique<Node>(options, std::move(disk), wall);
    };
    const auto written = [&] {
      const auto row = mesh.at(0).replica().reader()->row({"\1", "k", "s"});
      REQUIRE(row.cell.siblings.size() == 1);
      return row.cell.siblings[0].hlc.millis();
    };
    for (core::Origin origin = 1; origin <= 2; ++origin) mesh.add(node(origin, nullptr, 1));
    mesh.connect(0, 1);
    mesh.set_clock_ahead(1, kTo2099);
    put(mesh, 1, "ahead");
    mesh.set_clock_ahead(1, 0);
    mesh.run(2'000);
    put(mesh, 1, "still ahead");
    CHECK(written() >= kTo2099);
    for (const std::size_t at : {0U, 1U}) {
      const auto complaints = mesh.at(at).replica().time().complaints(mesh.now());
      REQUIRE(complaints.contains("timestamps of r1"));
      CHECK(complaints.at("timestamps of r1").find("until 2044-12-31") != std::string::npos);
      CHECK(complaints.at("timestamps of r1").find("--new-origin") != std::string::npos);
      CHECK_FALSE(complaints.contains("timestamps of r0"));
    }
    mesh.replace(1, node(4, mesh.at(1).storage().clone(), mesh.now()));
    mesh.run(2'000);
    put(mesh, 1, "today");
    mesh.run(2'000);
    CHECK(written() <= mesh.now() + kDrift + 10);
    for (const std::size_t at : {0U, 1U}) {
      const auto complaints = mesh.at(at).replica().time().complaints(mesh.now());
      CHECK_FALSE(complaints.contains("timestamps of r1"));
    }
  }

  TEST_CASE("timestamps do not go back when a restart finds the wall clock set back") {
    Node writer("us", 2);
    writer.write(kWall, [](Group& group) { group.put(Path{"\1", "k", "s"}, "theirs"); });
    const auto record = writer.storage().read_log(1);
    const auto options = [](core::Origin origin) {
      return regions::ReplicaOptions{
          .mesh = {1, 1}, .region = "eu", .fresh_origin = origin, .nonce = origin};
    };
    Node first(options(1), nullptr, kWall);
    first.deliver(writer, record->bytes);  // Nothing of its own: no head tells this time.
    Node second(options(3), first.storage().clone(), kWall - 10 * kHour);
    second.write(kWall - 10 * kHour, [](Group& group) {
      group.put(Path{"\1", "other", "s"}, "ours");
    });
    const auto row = second.replica().reader()->row({"\1", "other", "s"});
    CHECK(row.cell.siblings.at(0).hlc > writer.replica().applied().hlc_max());
  }

  TEST_CASE("a wall clock that stands still or jumps about holds nothing up") {
    LinkedNodes mesh;
    mesh.mesh(3);
    mesh.run(1'000);
    for (int i = 0; i < 30; ++i) {
      const std::size_t at = static_cast<std::size_t>(i) % 3;
      mesh.set_clock_ahead(at, i % 2 == 0 ? -mesh.now() : Millis{i} * kHour);
      put(mesh, at, std::to_string(i));
      CHECK(mesh.run_until_equal(100));
    }
    for (std::size_t at = 0; at < 3; ++at) {
      const auto row = mesh.at(at).replica().reader()->row({"\1", "k", "s"});
      REQUIRE(row.cell.siblings.size() == 1);
      CHECK(row.cell.siblings[0].value == "29");
    }
  }
}

}  // namespace anabranch::wrong_clocks_test
