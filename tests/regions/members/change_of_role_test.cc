// A leader steps down and follows, in one process, and a member that follows leads: the row of the
// role on the disk, the resets that are left to be written, and lists that do not grow.

#include <anabranch/error.h>
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "rows/policy/policy_table.h"
#include "tests/regions/members/listed_world.h"

namespace anabranch::change_of_role_test {

using core::Path;
using regions::Group;
using test::ListedWorld;
using test::Node;
using test::opened_member;

namespace {

constexpr auto kFollower = ListedWorld::kFollower;
constexpr auto kLeader = ListedWorld::kLeader;
constexpr auto kOfFollower = ListedWorld::kOfFollower;
constexpr auto kOfLeader = ListedWorld::kOfLeader;
constexpr auto kUs = ListedWorld::kUs;

Path counter(int i) { return {"\1", "h", "h", std::to_string(i), "s"}; }

void put(Node& node, const std::string& value) {
  node.write(0, [&](Group& group) { group.put(Path{"\1", "k", "s"}, value); });
}

bool is_read_only(Node& node) {
  try {
    (void)node.replica().begin();
  } catch (const Error& error) {
    return error.code() == ErrorCode::kReadOnly;
  }
  return false;
}

bool steps_down(Node& node, core::Millis now = 1'000) {
  return node.replica().step_down(now).ok() && node.replica().exchange().follows();
}

// Two members of eu that change roles, in one process each.
struct ChangingWorld : ListedWorld {
  std::size_t leads = ListedWorld::kLeader;
  std::size_t follows = ListedWorld::kFollower;

  ChangingWorld() { show(kFollower, kLeader); }
  void change() {
    REQUIRE(steps_down(nodes.at(leads), nodes.now()));
    REQUIRE(replica(follows).promote(nodes.now()).ok());
    std::swap(leads, follows);
    put(leads);
    REQUIRE(nodes.run_until_equal(10'000));
  }
};

}  // namespace

TEST_SUITE("regions: changes of role") {
  TEST_CASE("a leader that steps down takes no writes, and all see that it follows") {
    ListedWorld eu;
    const auto seen_at = [&](std::size_t at) -> const regions::Peer& {
      return eu.replica(at).exchange().peers().at(kOfLeader);
    };
    REQUIRE_FALSE(seen_at(kUs).follows);
    const core::VersionVector before = eu.nodes.at(kLeader).vector();
    REQUIRE(steps_down(eu.nodes.at(kLeader)));
    CHECK(is_read_only(eu.nodes.at(kLeader)));
    CHECK(eu.nodes.at(kLeader).origin() == kOfLeader);
    CHECK(eu.replica(kLeader).identity().at_rest);
    eu.nodes.run(5'000);
    CHECK(seen_at(kUs).follows);
    CHECK(seen_at(kFollower).follows);
    CHECK(eu.nodes.at(kLeader).vector() == before);
    CHECK(eu.replica(kLeader).step_down(eu.nodes.now()).ok());  // It follows already.
  }

  TEST_CASE("after 1000 changes of role lists, vectors and what is settled are as after two") {
    ChangingWorld eu;
    eu.change();
    eu.change();
    const core::Hash128 list = eu.list(kUs).hash();
    const std::size_t origins = eu.nodes.at(kUs).vector().size();
    const auto settled = eu.replica(kUs).members().settled().all();
    for (int i = 2; i < 1'000; ++i) eu.change();
    for (const std::size_t at : {kUs, kLeader, kFollower}) {
      CHECK(eu.list(at).hash() == list);
      CHECK(eu.nodes.at(at).vector().size() == origins);
      CHECK(eu.replica(at).members().settled().all() == settled);
      CHECK(eu.list(at).newest_reign("eu") == regions::ReignRow{1'000, kOfLeader});
    }
    CHECK(eu.nodes.at(kLeader).origin() == kOfLeader);
    CHECK(eu.nodes.at(kFollower).origin() == kOfFollower);
    CHECK(eu.replica(kUs).broken() == std::nullopt);
  }

  TEST_CASE("each reign is above all that the member knows, also after it was started again") {
    ChangingWorld eu;
    eu.change();
    CHECK(eu.replica(kFollower).members().reign() == 1);
    eu.start_again(kFollower, false);
    CHECK(eu.replica(kFollower).members().reign() == 1);
    eu.change();
    CHECK(eu.replica(kLeader).members().reign() == 2);
    eu.replica(kFollower).see_members({}, 7, eu.nodes.now());
    eu.change();
    CHECK(eu.replica(kFollower).members().reign() == 8);
    CHECK(eu.list(kUs).newest_reign("eu") == regions::ReignRow{8, kOfFollower});
  }

  TEST_CASE("where no member leads by itself one that is listed can be handed the lead") {
    ListedWorld eu(0);
    regions::Replica& leader = eu.replica(kLeader);
    regions::Replica& heir = eu.replica(kFollower);
    CHECK(heir.take_over(eu.nodes.now()).failure().code == ErrorCode::kInvalid);
    CHECK(heir.exchange().follows());
    const regions::Identity& self = heir.identity();
    leader.see_members({{.node = self.node, .origin = kOfFollower}}, 0, eu.nodes.now());
    REQUIRE(leader.list_member(self.node, kOfFollower).ok());
    CHECK(leader.list_member(self.node, kOfFollower).ok());
    REQUIRE(eu.nodes.run_until_equal(5'000));
    REQUIRE(steps_down(eu.nodes.at(kLeader), eu.nodes.now()));
    REQUIRE(heir.take_over(eu.nodes.now()).ok());
    CHECK(self.role == regions::RoleRow{.leads = true, .reign = 1});
    CHECK(self.origin == kOfFollower);
    put(eu.nodes.at(kFollower), "handed");
    REQUIRE(eu.nodes.run_until_equal(10'000));
    CHECK(eu.list(kUs).newest_reign("eu") == regions::ReignRow{1, kOfFollower});
    eu.nodes.replace(kFollower, opened_member("eu", 77, {.promote_after_ms = 0},
                                              eu.nodes.at(kFollower).storage().clone()));
    CHECK(eu.replica(kFollower).members().reign() == 1);
  }

  TEST_CASE("who has no card, or leads under an old reign, lists nobody for a handover") {
    ListedWorld eu(0);
    regions::Replica& leader = eu.replica(kLeader);
    const core::Hash128 node = eu.replica(kFollower).identity().node;
    CHECK(leader.list_member(node, kOfFollower).failure().code == ErrorCode::kInvalid);
    leader.see_members({{.node = node, .origin = kOfFollower}}, 3, eu.nodes.now());
    CHECK(leader.list_member(node, kOfFollower).failure().code == ErrorCode::kInvalid);
    CHECK_FALSE(eu.list(kLeader).counts("eu", kOfFollower));
  }

  TEST_CASE("who leads again proposes its policies again") {
    const auto named = [](rows::PolicyKind kind) {
      return regions::Policies::Proposals{{{"\1", "bids/"}, {.kind = kind}}};
    };
    ListedWorld eu;
    eu.nodes.replace(kLeader, opened_member("eu", 77, {.proposals = named(rows::PolicyKind::kMax)},
                                            eu.nodes.at(kLeader).storage().clone()));
    eu.nodes.replace(
        kFollower,
        opened_member("eu", 78, {.follows = true, .proposals = named(rows::PolicyKind::kMin)},
                      eu.nodes.at(kFollower).storage().clone()));
    eu.show(kFollower, kLeader);
    const auto rule = [&] {
      REQUIRE(eu.nodes.run_until_equal(10'000));
      const rows::PolicyRow* const row = eu.replica(kUs).state().policies()->find("\1", "bids/1");
      return row == nullptr ? std::string() : row->policy.text();
    };
    CHECK(rule() == "max");
    for (const auto& [from, to, then] :
         {std::tuple(kLeader, kFollower, "min"), std::tuple(kFollower, kLeader, "max")}) {
      REQUIRE(steps_down(eu.nodes.at(from), eu.nodes.now()));
      REQUIRE(eu.replica(to).promote(eu.nodes.now()).ok());
      CHECK(rule() == then);
    }
  }
}

TEST_SUITE("regions: a start after stepping down") {
  TEST_CASE("a directory that has stepped down follows, whatever it is set to, and says so") {
    auto node = opened_member("eu", 5, {});
    put(*node, "v");
    REQUIRE(steps_down(*node));
    for (const bool power : {false, true}) {
      CAPTURE(power);
      auto disk = power ? node->storage().crash() : node->storage().clone();
      const auto again = opened_member("eu", 6, {}, std::move(disk));
      CHECK(again->replica().exchange().follows());
      CHECK(again->origin() == 5);
      CHECK(again->vector() == node->vector());
      CHECK(again->replica().effects().size() == 1);
    }
  }

  TEST_CASE("who is promoted leads at the next start") {
    auto node = opened_member("eu", 5, {});
    REQUIRE(steps_down(*node));
    REQUIRE(node->replica().promote(2'000).ok());
    node = opened_member("eu", 6, {}, node->storage().crash());
    CHECK_FALSE(node->replica().exchange().follows());
  }

  TEST_CASE("in a copy of a directory that has stepped down the setting decides") {
    auto node = opened_member("eu", 5, {});
    REQUIRE(steps_down(*node));
    auto copy = node->storage().clone();
    storage::Place place = copy->place();
    place.file += 1;
    copy->set_place(std::move(place));
    copy = opened_member("eu", 6, {}, std::move(copy))->storage().clone();
    CHECK_FALSE(opened_member("eu", 7, {}, std::move(copy))->replica().exchange().follows());
  }

  TEST_CASE("where no member leads by itself the row of a handed lead counts until a promotion") {
    auto node = opened_member("eu", 5, {.promote_after_ms = 0});
    CHECK_FALSE(node->replica().identity().role);
    REQUIRE(steps_down(*node));
    node = opened_member("eu", 6, {.promote_after_ms = 0}, node->storage().crash());
    CHECK(node->replica().exchange().follows());
    REQUIRE(node->replica().promote(2'000).ok());
    node = opened_member("eu", 7, {.promote_after_ms = 0}, node->storage().crash());
    CHECK_FALSE(node->replica().exchange().follows());
    node =
        opened_member("eu", 8, {.follows = true, .promote_after_ms = 0}, node->storage().crash());
    CHECK(node->replica().exchange().follows());
  }

  TEST_CASE("a leader whose disk syncs later has all of it there when it has stepped down") {
    auto node = opened_member("eu", 5, {.syncs_later = true});
    node->storage().set_faults({.durable_at_once = false});
    put(*node, "v");
    REQUIRE(node->storage().durable_position() < node->storage().last_position());
    REQUIRE(steps_down(*node));
    const auto again = opened_member("eu", 6, {.syncs_later = true}, node->storage().crash());
    CHECK(again->origin() == 5);
    CHECK(again->vector() == node->vector());
  }
}

TEST_SUITE("regions: what a former leader owes") {
  TEST_CASE("it is at rest only when it has written the resets of its large clears") {
    auto node = opened_member("eu", 5, {.own_clear_rows_direct = 1});
    node->write(0, [](Group& group) {
      for (int i = 0; i < 4; ++i) group.add(counter(i), core::Number(std::int64_t{1}));
    });
    node->write(0, [](Group& group) { group.clear(Path{"\1", "h"}); });
    REQUIRE(steps_down(*node));
    CHECK_FALSE(node->replica().identity().at_rest);
    node->replica().tick(2'000);
    CHECK_FALSE(node->replica().identity().at_rest);
    const core::Seq before = node->vector().at(5);
    node->sweep();
    CHECK(node->vector().at(5) > before);
    node->replica().tick(4'000);
    CHECK(node->replica().identity().at_rest);
    CHECK(is_read_only(*node));
  }

  TEST_CASE("a disk that refuses for now gets the role with a later tick") {
    auto node = opened_member("eu", 5, {});
    put(*node, "v");
    node->storage().set_faults({.refuse = 1});
    REQUIRE(steps_down(*node));
    CHECK(is_read_only(*node));
    const auto before = opened_member("eu", 6, {}, node->storage().clone());
    CHECK_FALSE(before->replica().exchange().follows());
    node->replica().tick(10'000);
    CHECK(node->replica().identity().at_rest);
    const auto behind = opened_member("eu", 7, {}, node->storage().clone());
    CHECK(behind->replica().exchange().follows());
  }
}

}  // namespace anabranch::change_of_role_test
