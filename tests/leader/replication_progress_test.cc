// The reach of a write: a write that is applied somewhere is not yet on the disk there.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leader/replication_progress.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::replication_progress_test {

using test::LinkedNodes;

namespace {

using Names = std::vector<std::string>;
using Level = WriteConcern::Level;

constexpr core::Millis kHeartbeatsMs = 3'000;

void put(LinkedNodes& world, std::size_t at) {
  world.write(at, [](regions::Group& group) { group.put({"\1", "key", "s"}, "value"); });
}

// The regions that have everything that one region has.
ReplicationProgress replication_progress(LinkedNodes& world, std::size_t at, Level level) {
  const regions::Replica& replica = world.at(at).replica();
  return leader::replication_progress(replica, replica.applied().vector(),
                                      {.all = true, .level = level})
      .value_or_raise();
}

}  // namespace

TEST_SUITE("leader: reach") {
  TEST_CASE("what another region has applied is durable there once it is on its disk") {
    LinkedNodes world;
    world.mesh(3);
    put(world, 0);
    world.run(kHeartbeatsMs);
    REQUIRE(replication_progress(world, 0, Level::kDurable).met);
    world.at(1).storage().set_faults({.durable_at_once = false});
    put(world, 0);
    world.run(kHeartbeatsMs);
    const ReplicationProgress applied = replication_progress(world, 0, Level::kApplied);
    CHECK(applied.met);
    CHECK(applied.have == Names{"r0", "r1", "r2"});
    const ReplicationProgress durable = replication_progress(world, 0, Level::kDurable);
    CHECK_FALSE(durable.met);
    CHECK(durable.have == Names{"r0", "r2"});
    CHECK(durable.lack == Names{"r1"});
    world.at(1).storage().sync();
    world.run(kHeartbeatsMs);
    CHECK(replication_progress(world, 0, Level::kDurable).met);
  }

  TEST_CASE("a region with another history of an origin does not have what was written here") {
    // eu was put back to an older state, unnoticed, and has written on: us is further, elsewhere.
    for (const std::size_t after : {1, 3, 5}) {
      CAPTURE(after);
      LinkedNodes world;
      world.mesh(2);
      put(world, 0);
      world.run(kHeartbeatsMs);
      auto backup = world.at(0).storage().clone();
      for (int i = 0; i < 3; ++i) put(world, 0);
      world.run(kHeartbeatsMs);
      world.disconnect(0, 1);
      world.replace(0, std::make_unique<test::Node>("r0", 10, std::move(backup)));
      for (std::size_t i = 0; i < after; ++i) put(world, 0);
      world.connect(0, 1);
      for (int moment = 0; moment < 30; ++moment) {
        for (const Level level : {Level::kApplied, Level::kDurable}) {
          REQUIRE(replication_progress(world, 0, level).have == Names{"r0"});
        }
        world.run(100);
      }
    }
  }

  TEST_CASE("an own write is applied at once, and durable once it is on the disk here") {
    LinkedNodes world;
    world.mesh(1);
    put(world, 0);
    world.run(kHeartbeatsMs);
    REQUIRE(replication_progress(world, 0, Level::kDurable).met);
    world.at(0).storage().set_faults({.durable_at_once = false});
    put(world, 0);
    CHECK(replication_progress(world, 0, Level::kApplied).met);
    CHECK_FALSE(replication_progress(world, 0, Level::kDurable).met);
    world.at(0).storage().sync();
    world.run(kHeartbeatsMs);
    CHECK(replication_progress(world, 0, Level::kDurable).met);
  }
}

}  // namespace anabranch::replication_progress_test
