// Removed elements of remove-wins sets: they are forgotten once every region has seen that they
// were removed, and not before.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "crdt/type_table.h"
#include "leader/sweeps/erased_sweep.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::erased_sweep_test {

using core::Path;
using leader::ErasedSweep;
using test::LinkedNodes;

namespace {

constexpr core::Millis kLongMs = 200'000;  // More than any grace.
constexpr core::Millis kStepMs = 100;

Path element(const std::string& name) { return {"\1", "set", "E", name}; }

// Regions, each linked with each, with a sweep of removed elements.
struct World {
  LinkedNodes nodes;
  std::vector<std::unique_ptr<ErasedSweep>> sweeps;

  explicit World(std::size_t count,
                 LinkedNodes::Durability durability = LinkedNodes::Durability::kSync)
      : nodes(durability) {
    nodes.mesh(count);
    for (std::size_t at = 0; at < count; ++at) sweeps.push_back(sweep_of(at));
  }
  std::unique_ptr<ErasedSweep> sweep_of(std::size_t at,
                                        leader::ErasedLimits limits = {.looks = 7, .removals = 5}) {
    return std::make_unique<ErasedSweep>(nodes.at(at).replica(), nodes.at(at).storage(), limits);
  }
  void put(std::size_t at, const std::string& name, std::string_view truth) {
    nodes.write(at, [&](regions::Group& group) { group.put(element(name), truth); });
  }
  void run(core::Millis duration) {
    for (core::Millis passed = 0; passed < duration; passed += kStepMs) {
      nodes.run(kStepMs);
      for (const auto& sweep : sweeps) REQUIRE(sweep->slice(nodes.now()).ok());
    }
  }
  // Rows of the set that are stored in a region.
  std::size_t rows(std::size_t at) {
    std::size_t rows = 0;
    nodes.at(at).replica().reader()->scan(Path{"\1", "set"}, [&](const Path&, const crdt::Row&) {
      ++rows;
      return true;
    });
    return rows;
  }
  bool shows(std::size_t at, const std::string& name) {
    return crdt::shows(element(name), nodes.at(at).replica().reader()->row(element(name)));
  }
  std::uint64_t forgotten() {
    std::uint64_t all = 0;
    for (const auto& sweep : sweeps) all += sweep->forgotten();
    return all;
  }
};

}  // namespace

TEST_SUITE("leader: removed elements") {
  TEST_CASE("what was removed leaves nothing once all have seen it, by one region's writes") {
    World world(3);
    constexpr std::size_t kElements = 50;
    for (std::size_t i = 0; i < kElements; ++i) world.put(i % 3, std::to_string(i), crdt::kTrue);
    world.put(1, "stays", crdt::kTrue);
    world.run(3'000);
    for (std::size_t i = 0; i < kElements; ++i) world.put(0, std::to_string(i), crdt::kFalse);
    CHECK(world.rows(0) == kElements + 1);
    world.run(30'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(world.rows(at) == 1);
      CHECK(world.shows(at, "stays"));
      CHECK(world.nodes.at(at).digest() == world.nodes.at(0).digest());
    }
    CHECK(world.sweeps[0]->forgotten() == kElements);
    CHECK(world.forgotten() == kElements);
    CHECK(world.sweeps[0]->waiting() == 0);
  }

  TEST_CASE("as long as a region is away a removal beats what it inserts, however long that is") {
    World world(3);
    world.put(0, "x", crdt::kTrue);
    world.run(3'000);
    world.nodes.disconnect(0, 2);
    world.nodes.disconnect(1, 2);
    world.put(0, "x", crdt::kFalse);
    world.run(kLongMs);
    CHECK(world.rows(0) == 1);
    CHECK(world.rows(1) == 1);
    world.put(2, "x", crdt::kTrue);
    CHECK(world.shows(2, "x"));
    world.nodes.connect(1, 2);  // The other region alone passes it on.
    REQUIRE(world.nodes.run_until_equal(30'000));
    for (std::size_t at = 0; at < 3; ++at) CHECK_FALSE(world.shows(at, "x"));
    world.put(1, "x", crdt::kTrue);  // Has seen both.
    REQUIRE(world.nodes.run_until_equal(30'000));
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.shows(at, "x"));
    world.put(1, "x", crdt::kFalse);
    world.run(kLongMs);
    for (std::size_t at = 0; at < 3; ++at) CHECK(world.rows(at) == 0);
  }

  TEST_CASE("what a region has applied but not on its disk it has not seen for good") {
    World world(2);
    world.sweeps.pop_back();  // The other one forgets nothing itself.
    world.put(0, "x", crdt::kTrue);
    world.run(3'000);
    auto& disk = world.nodes.at(1).storage();
    disk.set_faults({.durable_at_once = false});
    world.put(0, "x", crdt::kFalse);
    world.run(kStepMs);
    REQUIRE(world.nodes.at(1).vector() == world.nodes.at(0).vector());
    const auto removal = disk.last_position();
    core::Millis waited_ms = 0;  // The disk is waited for at last.
    for (; disk.durable_position() < removal; waited_ms += kStepMs) {
      CHECK(world.rows(0) == 1);
      world.run(kStepMs);
    }
    CHECK(waited_ms > 2'000);
    disk.set_faults({.durable_at_once = true});
    world.run(30'000);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
  }

  TEST_CASE("what its own disk lacks a leader does not forget, whatever all others have") {
    World world(2, LinkedNodes::Durability::kInterval);
    world.sweeps.pop_back();
    world.sweeps[0] = world.sweep_of(0, {.grace_ms = 0, .looks = 7, .removals = 5});
    world.put(0, "x", crdt::kTrue);
    world.run(3'000);
    auto& disk = world.nodes.at(0).storage();
    disk.set_faults({.durable_at_once = false});
    world.put(1, "x", crdt::kFalse);
    const auto removal = disk.last_position();
    core::Millis waited_ms = 0;
    for (; disk.durable_position() < removal; waited_ms += kStepMs) {
      CHECK(world.rows(0) == 1);
      world.run(kStepMs);
    }
    CHECK(waited_ms > 1'000);
    disk.set_faults({.durable_at_once = true});
    world.run(30'000);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
  }

  TEST_CASE("a removal is not forgotten while a leader may lose it with its power") {
    std::size_t loser = 0;
    SUBCASE("the one that would forget it") {}
    SUBCASE("the one that has removed") { loser = 1; }
    World world(2, LinkedNodes::Durability::kInterval);
    world.sweeps.pop_back();
    world.sweeps[0] = world.sweep_of(0, {.grace_ms = 0, .looks = 7, .removals = 5});
    world.put(0, "x", crdt::kTrue);
    world.run(3'000);
    auto& disk = world.nodes.at(loser).storage();
    disk.set_faults({.durable_at_once = false});
    world.put(1, "x", crdt::kFalse);
    world.run(1'000);
    REQUIRE(disk.durable_position() < disk.last_position());
    world.sweeps.clear();
    world.nodes.disconnect(0, 1);
    world.nodes.replace(
        loser, std::make_unique<test::Node>("r" + std::to_string(loser), 50, disk.crash(), true));
    REQUIRE(world.shows(loser, "x"));  // Its removal is gone...
    world.put(loser, "x", crdt::kTrue);
    world.nodes.connect(0, 1);
    REQUIRE(world.nodes.run_until_equal(30'000));
    for (std::size_t at = 0; at < 2; ++at) CHECK_FALSE(world.shows(at, "x"));  // ...and beats that.
  }

  TEST_CASE("a leader that starts again finds what waits, and so does any other one in time") {
    World world(2);
    constexpr std::size_t kElements = 20;
    for (std::size_t i = 0; i < kElements; ++i) world.put(0, std::to_string(i), crdt::kFalse);
    world.nodes.run(3'000);
    SUBCASE("the one that has removed them") { world.sweeps[0] = world.sweep_of(0); }
    SUBCASE("the one that has removed them, and nobody else looks") {
      world.sweeps.clear();
      world.sweeps.push_back(world.sweep_of(0));
    }
    SUBCASE("another one") { world.sweeps.erase(world.sweeps.begin()); }
    world.run(kLongMs);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
    CHECK(world.forgotten() == kElements);
  }

  TEST_CASE("a leader that starts again walks to the end of its rows, in many slices") {
    World world(1);
    constexpr std::size_t kStay = 300;  // Many more than one slice reads.
    for (std::size_t i = 0; i < kStay; ++i) world.put(0, std::to_string(i), crdt::kTrue);
    world.put(0, "last", crdt::kFalse);
    world.sweeps[0] = world.sweep_of(0);
    world.run(10'000);
    CHECK(world.rows(0) == kStay);
    CHECK(world.forgotten() == 1);
  }

  TEST_CASE("of more removed elements than are remembered none stays, however they lie") {
    World world(1);
    world.sweeps[0] = world.sweep_of(0, {.looks = 7, .removals = 5, .waiting = 5});
    world.put(0, "last", crdt::kTrue);
    world.run(3'000);  // The first walk ends there.
    constexpr std::size_t kElements = 20;
    for (std::size_t i = 0; i < kElements; ++i) world.put(0, std::to_string(i), crdt::kFalse);
    world.run(60'000);
    CHECK(world.rows(0) == 1);
    CHECK(world.shows(0, "last"));
    CHECK(world.forgotten() == kElements);
  }

  TEST_CASE("values of other types that are like a removed element's stay") {
    const std::vector<Path> rows{{"\1", "E", "s"}, {"\1", "other", "s"}, {"\1", "E", "e", "x"}};
    World world(1);
    world.nodes.write(0, [&](regions::Group& group) {
      group.put(element("x"), crdt::kFalse);
      for (const Path& row : rows) group.put(row, crdt::kFalse);
    });
    SUBCASE("found in the log") {}
    SUBCASE("found by a walk") { world.sweeps[0] = world.sweep_of(0); }
    world.run(kLongMs);
    CHECK(world.forgotten() == 1);
    const auto reader = world.nodes.at(0).replica().reader();
    for (const Path& row : rows) CHECK(reader->row(row).present());
  }
}

}  // namespace anabranch::erased_sweep_test
