// Modules of plugins in regions that hear of each other late, by a snapshot.

#include <doctest/doctest.h>

#include <string>

#include "regions/modules.h"
#include "rows/policy/policy_rows.h"
#include "tests/leader/sweeps/expiry_world.h"
#include "tests/plugins/guests.h"

namespace anabranch::plugins_regions_test {

using test::ExpiryWorld;

namespace {

using Word = Register<std::string>;

std::string shows_x() {
  return test::resolver("(i32.store8 (i32.const 0) (i32.const 120)) (i64.const 1)");
}

struct World : ExpiryWorld {
  std::string name;

  World() : ExpiryWorld(3, Links::kAll) {
    run(3'000);
    add(0);
    run(1'000);
  }
  void add(std::size_t at) {
    nodes.write(at, [&](regions::Group&) {
      name = regions::add_module(nodes.at(at).replica().writer(), shows_x()).value();
    });
  }
  void remove(std::size_t at) {
    nodes.write(at, [&](regions::Group&) {
      CHECK(regions::remove_module(nodes.at(at).replica().writer(), name).ok());
    });
  }
  void set_policy(std::size_t at) {
    nodes.write(at, [&](regions::Group&) {
      const rows::Policy policy{.kind = rows::PolicyKind::kWasm1, .name = name};
      CHECK(nodes.at(at).replica().policies().set({.space = "\1", .prefix = "doc/"}, policy).ok());
    });
  }
  void put(std::size_t at, const std::string& value) {
    use(at, [&](Scope& scope) { Word{scope, "doc/1"}.put(value); });
  }
  // Lets a region that was cut off take a snapshot of the others.
  void bring_back_late(std::size_t late) {
    run(1'000);
    for (std::size_t at = 0; at < 3; ++at) {
      storage::MemoryStorage& log = nodes.at(at).storage();
      if (at != late) REQUIRE(log.trim(log.last_position() + 1).ok());
    }
    bring_back(late);
    const regions::Snapshots& snapshots = nodes.at(late).replica().background().snapshots();
    for (int i = 0; i < 1'000 && !snapshots.merging(); ++i) nodes.run(1);
    REQUIRE(snapshots.merging());
    run(5'000);
  }
  void check_all_show(const std::string& wanted) {
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(value(at, "doc/1") == wanted);
      CHECK(nodes.at(at).digest() == nodes.at(0).digest());
    }
  }
};

}  // namespace

TEST_SUITE("leader: plugins in several regions") {
  TEST_CASE("a module is removed, and who sets a policy of it hears that by a snapshot") {
    World world;
    world.cut_off(2);
    world.remove(0);
    world.put(0, "of 0");
    world.run(100);
    world.set_policy(2);
    world.put(2, "of 2");
    world.bring_back_late(2);
    world.check_all_show("of 2");  // The last written.
    world.use(1, [](Scope& scope) { CHECK(Word{scope, "doc/1"}.siblings().size() == 2); });
    world.add(1);
    world.run(1'000);
    world.check_all_show("x");
    // Removed again it stays, since all know of the policy now.
    CHECK_FALSE(regions::remove_module(world.nodes.at(0).replica().writer(), world.name).ok());
  }

  TEST_CASE("a policy of a module is set, and who removes the module hears that by a snapshot") {
    World world;
    world.cut_off(2);
    world.set_policy(0);
    world.put(0, "of 0");
    world.run(1'000);
    world.remove(2);
    world.put(2, "of 2");
    world.bring_back_late(2);
    world.check_all_show("of 2");
    world.restart(2);
    world.add(2);
    world.run(1'000);
    world.check_all_show("x");
  }
}

}  // namespace anabranch::plugins_regions_test
