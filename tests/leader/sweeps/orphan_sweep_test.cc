// Orphans, rows inside elements that are gone: they are removed everywhere, by few writes, and
// nothing else is.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "leader/sweeps/orphan_sweep.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::orphan_sweep_test {

using core::Path;
using leader::OrphanSweep;
using test::LinkedNodes;

namespace {

constexpr core::Millis kLongMs = 200'000;  // More than any grace.
constexpr core::Millis kStepMs = 100;

const Path kList{"\1", "list", "i"};

std::string position(std::size_t number) { return "\xFFposition" + std::to_string(number); }
Path element(std::size_t number) { return kList.child(position(number)); }
Path text_in(const Path& element) { return element.child("h").child("text").child("s"); }

// Regions, each linked with each, with a sweep of orphans.
struct World {
  LinkedNodes nodes;
  std::vector<std::unique_ptr<OrphanSweep>> sweeps;

  explicit World(std::size_t count) {
    nodes.mesh(count);
    for (std::size_t at = 0; at < count; ++at) sweeps.push_back(sweep_of(at));
  }
  std::unique_ptr<OrphanSweep> sweep_of(std::size_t at,
                                        leader::OrphanLimits limits = {.looks = 7, .clears = 5}) {
    return std::make_unique<OrphanSweep>(nodes.at(at).replica(), nodes.at(at).storage(), limits);
  }
  void insert(std::size_t at, std::size_t number) {
    nodes.write(at, [&](regions::Group& group) {
      group.put(element(number), "");
      group.put(text_in(element(number)), "text");
    });
  }
  void erase(std::size_t at, std::size_t number) {
    nodes.write(at, [&](regions::Group& group) { group.clear(element(number)); });
  }
  // Writes into an element, as a region that has not heard of its erase.
  void edit(std::size_t at, std::size_t number) {
    nodes.write(at, [&](regions::Group& group) {
      group.put(text_in(element(number)), "edited");
      group.add(element(number).child("h").child("votes").child("s"), core::Number::integer(1));
      group.put(kList.child("m").child(position(number)), position(9));
    });
  }
  // Regions 0 and 1 erase and edit the elements before `count` while they are apart.
  void make_orphans(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) insert(0, i);
    REQUIRE(nodes.run_until_equal(30'000));
    nodes.disconnect(0, 1);
    for (std::size_t i = 0; i < count; ++i) erase(0, i);
    for (std::size_t i = 0; i < count; ++i) edit(1, i);
    nodes.connect(0, 1);
  }
  void run(core::Millis duration) {
    for (core::Millis passed = 0; passed < duration; passed += kStepMs) {
      nodes.run(kStepMs);
      for (const auto& sweep : sweeps) REQUIRE(sweep->slice(nodes.now()).ok());
    }
  }
  // Rows of the list in a region that hold anything.
  std::size_t rows(std::size_t at) {
    std::size_t rows = 0;
    nodes.at(at).replica().reader()->scan(kList, [&](const Path&, const crdt::Row& row) {
      if (row.present()) ++rows;
      return true;
    });
    return rows;
  }
  std::uint64_t cleared() {
    std::uint64_t all = 0;
    for (const auto& sweep : sweeps) all += sweep->cleared();
    return all;
  }
};

}  // namespace

TEST_SUITE("leader: orphans") {
  TEST_CASE("orphans are removed in all regions, and elements that are there stay") {
    World world(2);
    constexpr std::size_t kOrphans = 20;
    world.insert(1, 100);
    world.make_orphans(kOrphans);
    REQUIRE(world.nodes.run_until_equal(30'000));
    CHECK(world.rows(0) == 2 + 3 * kOrphans);
    world.run(30'000);  // Less than the grace: the region that wrote them removes them.
    CHECK(world.sweeps[0]->cleared() == 0);
    CHECK(world.sweeps[1]->cleared() > 0);
    for (std::size_t at = 0; at < 2; ++at) {
      CHECK(world.rows(at) == 2);
      CHECK(world.nodes.at(at).digest() == world.nodes.at(0).digest());
      CHECK(world.nodes.at(at).wrong_count() == "");
    }
    world.run(kLongMs);
    CHECK(world.sweeps[0]->cleared() == 0);
    CHECK(world.sweeps[0]->waiting() == 0);
    CHECK(world.sweeps[1]->waiting() == 0);
  }

  TEST_CASE("where the region that wrote them does nothing, another one does it in time") {
    World world(2);
    world.sweeps.pop_back();
    world.make_orphans(3);
    world.run(30'000);
    CHECK(world.rows(1) == 9);
    world.run(kLongMs);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
  }

  TEST_CASE("those that the clear of a leader left that is gone are found by others") {
    World world(2);
    for (std::size_t i = 0; i < 3; ++i) world.insert(0, i);
    REQUIRE(world.nodes.run_until_equal(30'000));
    world.run(1'000);
    world.nodes.disconnect(0, 1);
    for (std::size_t i = 0; i < 3; ++i) world.edit(1, i);
    world.nodes.write(0, [&](regions::Group& group) { group.clear(Path{"\1", "list"}); });
    world.run(1'000);  // Both have looked at what they have written.
    world.sweeps.front() =
        world.sweep_of(0, {.looks = 0});  // The one that would find them is gone.
    world.nodes.connect(0, 1);
    REQUIRE(world.nodes.run_until_equal(30'000));
    world.run(kLongMs);
    CHECK(world.rows(1) == 9);
    REQUIRE(world.nodes.at(1).replica().retire("r0", regions::Retirement::kRetired).ok());
    REQUIRE(world.nodes.at(1).replica().commit().ok());
    world.run(kLongMs);
    CHECK(world.rows(1) == 0);
  }

  TEST_CASE("a leader that starts again finds them by a walk, and no others") {
    World world(2);
    constexpr std::size_t kStay = 100;  // Many more than one slice reads.
    for (std::size_t i = 0; i < kStay; ++i) world.insert(0, 1000 + i);
    world.sweeps.clear();
    world.make_orphans(3);
    REQUIRE(world.nodes.run_until_equal(30'000));
    world.sweeps.push_back(world.sweep_of(1));
    world.run(kLongMs);
    CHECK(world.rows(0) == 2 * kStay);
    CHECK(world.cleared() > 0);
    CHECK(world.sweeps[0]->waiting() == 0);
  }

  TEST_CASE("a slice of a walk does not rely on what the slice before has found of an element") {
    // The first slice, of ten rows, ends between the element and what is inside it, or before it.
    for (const std::size_t in_front : {9, 10, 11}) {
      CAPTURE(in_front);
      World world(2);
      world.sweeps.clear();
      world.insert(0, 99);
      world.nodes.write(0, [&](regions::Group& group) {
        for (std::size_t i = 0; i < in_front; ++i) {
          group.put(Path{"\1", "a" + std::to_string(i), "s"}, "");
        }
      });
      REQUIRE(world.nodes.run_until_equal(30'000));
      world.nodes.disconnect(0, 1);
      world.nodes.write(1,
                        [](regions::Group& group) { group.put(text_in(element(99)), "edited"); });
      const auto sweep = world.sweep_of(1, {.looks = 1});
      REQUIRE(sweep->slice(world.nodes.now()).ok());
      REQUIRE(sweep->is_behind());
      world.nodes.write(0, [&](regions::Group& group) { group.clear(kList); });
      world.nodes.connect(0, 1);
      REQUIRE(world.nodes.run_until_equal(30'000));
      for (int slice = 0; slice < 100; ++slice) {
        world.nodes.run(kStepMs);
        REQUIRE(sweep->slice(world.nodes.now()).ok());
      }
      CHECK(world.rows(1) == 0);
    }
  }

  TEST_CASE("a walk finds what is inside an element that a mask hides") {
    constexpr core::Millis kWall = 1'000;
    regions::ReplicaOptions options{.mesh = {1, 1}, .region = "eu", .fresh_origin = 1, .nonce = 1};
    options.limits.own_clear_rows_direct = options.limits.foreign_clear_rows_direct = 2;
    World world(0);
    world.nodes.add(std::make_unique<test::Node>(options, nullptr, kWall));
    options.region = "us";
    options.fresh_origin = options.nonce = 2;
    world.nodes.add(std::make_unique<test::Node>(options, nullptr, kWall));
    world.nodes.connect(0, 1);
    for (std::size_t i = 0; i < 5; ++i) world.insert(0, i);
    REQUIRE(world.nodes.run_until_equal(30'000));
    world.nodes.disconnect(0, 1);
    world.nodes.write(0, [&](regions::Group& group) { group.clear(kList); });
    world.edit(1, 3);
    world.nodes.connect(0, 1);
    REQUIRE(world.nodes.run_until_equal(30'000));
    REQUIRE(
        world.nodes.at(1).replica().background().upkeep().tidying());  // The mask is still there.
    SUBCASE("with room for all paths") { world.sweeps.push_back(world.sweep_of(1)); }
    SUBCASE("with room for one path, where rows are in front that the mask hides") {
      world.sweeps.push_back(world.sweep_of(1, {.looks = 7, .clears = 5, .waiting = 1}));
    }
    world.run(kLongMs);
    CHECK(world.rows(1) == 0);
  }

  TEST_CASE("an erase of the whole list leaves no orphans either") {
    World world(2);
    world.insert(0, 1);
    REQUIRE(world.nodes.run_until_equal(30'000));
    world.nodes.disconnect(0, 1);
    world.nodes.write(0, [&](regions::Group& group) { group.clear(Path{"\1", "list"}); });
    world.edit(1, 1);
    world.nodes.connect(0, 1);
    world.run(kLongMs);
    CHECK(world.rows(0) == 0);
    CHECK(world.rows(1) == 0);
  }
}

}  // namespace anabranch::orphan_sweep_test
