// Members that a leader has listed: all wait for them, and they lead under their own origins.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/regions/members/listed_world.h"

namespace anabranch::listed_test {

using core::Path;
using regions::Group;
using test::ListedWorld;
using test::opened_member;
using Disk = std::unique_ptr<storage::MemoryStorage>;

namespace {

constexpr auto kFollower = ListedWorld::kFollower;
constexpr auto kLeader = ListedWorld::kLeader;
constexpr auto kOfFollower = ListedWorld::kOfFollower;
constexpr auto kUs = ListedWorld::kUs;

}  // namespace

TEST_SUITE("regions: listed members") {
  TEST_CASE("a listed member reports, and the log is kept for it everywhere") {
    ListedWorld eu;
    CHECK(eu.replica(kUs).keeper().reports().find(kOfFollower) == nullptr);
    eu.show(kFollower, kLeader);
    CHECK(eu.list(kUs).knows("eu", kOfFollower));
    CHECK(eu.replica(kUs).keeper().reports().find(kOfFollower) != nullptr);
    CHECK_FALSE(eu.lacks(kUs, "eu"));
    CHECK_FALSE(eu.lacks(kLeader, "eu"));
    eu.cut_off(kFollower);
    eu.put(kUs);
    eu.nodes.run(8'000);
    CHECK(eu.lacks(kUs, "eu"));
    CHECK(eu.lacks(kLeader, "eu"));
  }

  TEST_CASE("a listed member shows its clock, once that is stored") {
    ListedWorld eu;
    eu.show(kFollower, kLeader);
    eu.nodes.run(60'000);
    REQUIRE(eu.replica(kLeader).store_clock().ok());
    eu.nodes.run(5'000);
    const auto clearable = [&] { return eu.replica(kUs).clearable_ms(eu.nodes.now()); };
    const core::Millis stands = clearable();  // At the last time that the member has stored.
    CHECK(stands < eu.nodes.now() - 30'000);
    REQUIRE(eu.replica(kFollower).store_clock().ok());
    eu.nodes.run(5'000);
    CHECK(clearable() > stands + 30'000);
  }

  TEST_CASE("two members change roles, and two origins are in the list") {
    ListedWorld eu;
    eu.show(kFollower, kLeader);
    const core::Hash128 list = eu.list(kUs).hash();
    std::size_t leads = kLeader;
    std::size_t follows = kFollower;
    for (int i = 0; i < 4; ++i) {
      eu.start_again(leads, true);
      eu.nodes.run(2'000);
      REQUIRE(eu.replica(follows).promote(eu.nodes.now()).ok());
      std::swap(leads, follows);
      eu.put(leads);
      eu.put(kUs);
      REQUIRE(eu.nodes.run_until_equal(10'000));
    }
    CHECK(eu.nodes.at(kFollower).origin() == kOfFollower);
    CHECK(eu.nodes.at(kLeader).origin() == 2);
    CHECK(eu.list(kUs).hash() == list);
    CHECK(eu.nodes.at(kUs).vector().at(kOfFollower) > 0);
  }

  TEST_CASE("who is promoted unlisted begins an origin, and the former one may be listed") {
    ListedWorld eu;
    REQUIRE(eu.replica(kFollower).promote(eu.nodes.now()).ok());
    REQUIRE(eu.nodes.at(kFollower).origin() != kOfFollower);
    CHECK(eu.list(kFollower).succeeded(kOfFollower));
  }

  TEST_CASE("the rows of reigns tell who leads, and the list stays as it is") {
    ListedWorld eu;
    eu.replica(kLeader).lead_under(3, false);
    const core::Hash128 list = eu.list(kUs).hash();
    eu.nodes.run(2'000);
    CHECK(eu.list(kUs).newest_reign("eu") == regions::ReignRow{3, 2});
    CHECK(eu.list(kFollower).newest_reign("eu") == regions::ReignRow{3, 2});
    CHECK(eu.list(kUs).hash() == list);
  }
}

TEST_SUITE("regions: at rest") {
  TEST_CASE("a follower that loses its power keeps its origin, a leader begins another one") {
    for (const bool follows : {false, true}) {
      CAPTURE(follows);
      const auto node = opened_member("eu", 5, {.follows = follows, .syncs_later = true});
      node->replica().tick(1'000);
      CHECK(node->replica().identity().at_rest == follows);
      const auto again = opened_member("eu", 6, {.follows = follows, .syncs_later = true},
                                       node->storage().crash());
      CHECK((again->origin() == 5) == follows);
    }
  }

  TEST_CASE("a former leader comes to rest when it follows, and leaves it when it leads again") {
    auto node = opened_member("eu", 5, {});
    node->write(0, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    node = opened_member("eu", 6, {.follows = true, .syncs_later = true}, node->storage().clone());
    CHECK(node->origin() == 5);
    CHECK_FALSE(node->replica().identity().at_rest);
    node->storage().set_faults({.durable_at_once = false});
    node->replica().tick(1'000);
    CHECK(node->replica().identity().at_rest);
    // Also where the row that says so is lost with the power, it had led before.
    const auto lost =
        opened_member("eu", 7, {.follows = true, .syncs_later = true}, node->storage().crash());
    CHECK(lost->origin() != 5);
    node->storage().sync();
    CHECK(opened_member("eu", 8, {.follows = true}, node->storage().crash())->origin() == 5);
    REQUIRE(node->replica().promote(2'000).ok());
    CHECK_FALSE(node->replica().identity().at_rest);
    const auto left = opened_member("eu", 9, {.syncs_later = true}, node->storage().crash());
    CHECK(left->origin() == 9);
  }

  TEST_CASE("a leader has left its rest on the disk before it writes anything") {
    // The setting decides, so that a follower that starts anew leads.
    const core::Millis never = 0;
    auto node =
        opened_member("eu", 5, {.follows = true, .syncs_later = true, .promote_after_ms = never});
    node->replica().tick(1'000);
    Disk disk = node->storage().clone();
    disk->set_faults({.durable_at_once = false});
    node =
        opened_member("eu", 6, {.syncs_later = true, .promote_after_ms = never}, std::move(disk));
    REQUIRE(node->origin() == 5);
    const auto again = opened_member("eu", 7, {.syncs_later = true, .promote_after_ms = never},
                                     node->storage().crash());
    CHECK(again->origin() == 7);
  }
}

}  // namespace anabranch::listed_test
