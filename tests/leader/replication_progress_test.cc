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
ReplicationProgress replication_progress(LinkedNodes& world, std::size_t at, Level level,
                                         const Names& peers = {}) {
  const regions::Replica& replica = world.at(at).replica();
  return leader::replication_progress(replica, peers, replica.applied().vector(),
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

  TEST_CASE("a configured peer that was never met lacks everything, under its name") {
    // Those that come later dial those that were there.
    const Names peers{"tcp://r1:7400", "r0@tcp://elsewhere:7400", "tcp://r3:7400",
                      "ap@tcp://ap:7400"};
    LinkedNodes world;
    world.mesh(3);
    put(world, 2);
    world.run(kHeartbeatsMs);
    for (const Level level : {Level::kApplied, Level::kDurable}) {
      const ReplicationProgress progress = replication_progress(world, 2, level, peers);
      CHECK_FALSE(progress.met);
      // The region of r0@ was met, though elsewhere.
      CHECK(progress.have == Names{"r0", "r1", "r2"});
      CHECK(progress.lack == Names{"ap", "tcp://r3:7400"});
      CHECK(progress.never_met == progress.lack);
    }
    const regions::Replica& replica = world.at(2).replica();
    const auto named = leader::replication_progress(replica, peers, {}, {.regions = {"ap"}});
    REQUIRE(named.ok());  // Also nothing at all has not come there.
    CHECK_FALSE(named.value().met);
    world.connect(2, world.add(std::make_unique<test::Node>("r3", 4)));
    world.run(kHeartbeatsMs);
    CHECK(replication_progress(world, 2, Level::kDurable, peers).never_met == Names{"ap"});
  }

  TEST_CASE("who was met once is asked by its region, also after a restart without it") {
    const Names peers{"tcp://r0:7400", "tcp://r1:7400"};
    LinkedNodes world;
    world.mesh(2);
    put(world, 1);
    world.run(kHeartbeatsMs);
    world.disconnect(0, 1);
    put(world, 1);
    world.replace(1, std::make_unique<test::Node>("r1", 2, world.at(1).storage().clone()));
    world.run(kHeartbeatsMs);
    // It dials itself, as where all have one list.
    regions::Replica& self = world.at(1).replica();
    self.link_up(1'000, "tcp://r1:7400", world.now());
    self.step(1'000,
              regions::Greeting{.protocol = regions::Greeting::kProtocol,
                                .mesh = self.identity().mesh,
                                .region = "r1",
                                .origin = self.identity().origin,
                                .nonce = world.at(1).nonce(),
                                .applied = {}},
              world.now());
    const ReplicationProgress progress = replication_progress(world, 1, Level::kDurable, peers);
    CHECK_FALSE(progress.met);
    CHECK(progress.have == Names{"r1"});
    CHECK(progress.lack == Names{"r0"});
    CHECK(progress.never_met.empty());
  }

  TEST_CASE("a greeting of another mesh, or of another region than the address names, is none") {
    LinkedNodes world;
    world.mesh(1);
    regions::Replica& replica = world.at(0).replica();
    const auto greet = [&](regions::LinkId link, const std::string& address, bool same_mesh) {
      replica.link_up(link, address, world.now(), same_mesh ? "ap" : "");
      replica.step(link,
                   regions::Greeting{.protocol = regions::Greeting::kProtocol,
                                     .mesh = same_mesh ? replica.identity().mesh : core::Hash128{},
                                     .region = "us",
                                     .origin = 77,
                                     .nonce = 7,
                                     .applied = {}},
                   world.now());
      replica.effects().clear();
    };
    greet(1, "tcp://one:7400", false);
    greet(2, "tcp://two:7400", true);
    const Names peers{"tcp://one:7400", "ap@tcp://two:7400"};
    CHECK(replication_progress(world, 0, Level::kApplied, peers).never_met ==
          Names{"ap", "tcp://one:7400"});
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
