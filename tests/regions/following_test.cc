// Followers as replicas: other replicas' waits beside them, and their own work that no replica
// waits for.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "regions/members/region_list.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::following_test {

using core::Origin;
using core::Path;
using regions::Group;
using test::LinkedNodes;
using test::Node;

namespace {

enum class Role : std::uint8_t { kLeads, kFollows };

std::unique_ptr<Node> opened(std::string region, Origin origin, Role role,
                             std::unique_ptr<storage::MemoryStorage> disk = nullptr) {
  static std::uint64_t nonce = std::uint64_t{1} << 48U;
  return std::make_unique<Node>(
      regions::ReplicaOptions{.mesh = {1, 1},
                              .region = std::move(region),
                              .fresh_origin = origin,
                              .nonce = ++nonce,
                              .new_origin = disk != nullptr && role == Role::kLeads,
                              .follows = role == Role::kFollows,
                              .announce = true},
      std::move(disk), 0);
}

void put(LinkedNodes& nodes, std::size_t at) {
  nodes.write(at, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
}

constexpr std::size_t kUs = 0;
constexpr std::size_t kLeader = 1;
constexpr std::size_t kFollower = 2;

// us, a leader of eu, and a follower of that, each linked with each.
void add_all(LinkedNodes& nodes) {
  nodes.add(opened("us", 1, Role::kLeads));
  nodes.add(opened("eu", 2, Role::kLeads));
  nodes.add(opened("eu", 3, Role::kFollows));
  nodes.connect(kUs, kLeader);
  nodes.connect(kUs, kFollower);
  nodes.connect(kFollower, kLeader);
  put(nodes, kUs);
  put(nodes, kLeader);
  REQUIRE(nodes.run_until_equal(5'000));
  nodes.run(8'000);  // Until all have heard where all stand.
}

bool lacks(LinkedNodes& nodes, std::size_t at, const std::string& region) {
  return nodes.at(at).replica().keeper().lacked().contains(region);
}

void cut_off_leader(LinkedNodes& nodes) {
  nodes.disconnect(kUs, kLeader);
  nodes.disconnect(kFollower, kLeader);
}

}  // namespace

TEST_SUITE("regions: following") {
  TEST_CASE("a follower keeps its log for the leader that it copies") {
    LinkedNodes nodes;
    add_all(nodes);
    CHECK_FALSE(lacks(nodes, kFollower, "eu"));
    cut_off_leader(nodes);
    put(nodes, kUs);
    nodes.run(3'000);
    CHECK(nodes.at(kFollower).vector() == nodes.at(kUs).vector());
    CHECK(lacks(nodes, kFollower, "eu"));
    CHECK(lacks(nodes, kUs, "eu"));
  }

  TEST_CASE("of two leaders of a region each is waited for, also by the other one") {
    LinkedNodes nodes;
    add_all(nodes);
    cut_off_leader(nodes);
    REQUIRE(nodes.at(kFollower).replica().promote(nodes.now()).ok());
    put(nodes, kFollower);
    put(nodes, kUs);
    nodes.run(8'000);
    CHECK(nodes.at(kFollower).vector() == nodes.at(kUs).vector());
    CHECK(lacks(nodes, kUs, "eu"));
    CHECK(lacks(nodes, kFollower, "eu"));
    nodes.connect(kUs, kLeader);
    REQUIRE(nodes.run_until_equal(5'000));
    nodes.run(8'000);
    CHECK_FALSE(lacks(nodes, kUs, "eu"));
    CHECK_FALSE(lacks(nodes, kFollower, "eu"));
  }

  TEST_CASE("while a former leader shows more than is here, nothing is closed beside it") {
    LinkedNodes nodes;
    add_all(nodes);
    REQUIRE(nodes.at(kUs).replica().pause("eu"));  // So that it shows more, and does not bring it.
    put(nodes, kLeader);
    nodes.replace(kLeader, opened("eu", 2, Role::kFollows, nodes.at(kLeader).storage().clone()));
    nodes.run(8'000);
    const auto closes = [&] {
      const regions::RegionReport* said = nodes.at(kUs).replica().keeper().reports().find(1);
      REQUIRE(said != nullptr);
      return said->list.has_value();
    };
    CHECK_FALSE(closes());
    nodes.at(kUs).replica().resume("eu");
    REQUIRE(nodes.run_until_equal(5'000));
    nodes.run(8'000);
    CHECK(closes());
  }

  TEST_CASE("a leader that follows now is waited for, and says where it stands") {
    LinkedNodes nodes;
    add_all(nodes);
    REQUIRE(nodes.at(kFollower).replica().promote(nodes.now()).ok());
    nodes.run(8'000);
    nodes.replace(kLeader, opened("eu", 2, Role::kFollows, nodes.at(kLeader).storage().clone()));
    nodes.run(8'000);
    cut_off_leader(nodes);
    nodes.replace(kUs, opened("us", 11, Role::kLeads, nodes.at(kUs).storage().clone()));
    cut_off_leader(nodes);
    nodes.run(8'000);
    const auto settled = [&](std::size_t at) {
      return nodes.at(at).replica().members().settled().contains(1);
    };
    CHECK(nodes.at(kUs).replica().members().list().succeeded(1));
    CHECK_FALSE(settled(kUs));
    SUBCASE("until it is there again") {
      nodes.connect(kUs, kLeader);
      nodes.run(8'000);
      CHECK(settled(kLeader));
    }
    SUBCASE("also under another name, after a backup was put back") {
      auto disk = nodes.at(kLeader).storage().clone();
      storage::Place place = disk->place();
      ++place.file;
      disk->set_place(place);
      nodes.replace(kLeader, opened("eu", 12, Role::kFollows, std::move(disk)));
      CHECK(nodes.at(kLeader).origin() == 12);
      nodes.connect(kUs, kLeader);
      nodes.run(8'000);
      CHECK(settled(kLeader));
    }
    SUBCASE("or until it is declared lost") {
      auto& us = nodes.at(kUs).replica();
      REQUIRE(us.retire("eu", regions::Retirement::kLost).ok());
      REQUIRE(us.commit().ok());
      CHECK(us.members().list().lost("eu", 2));
      CHECK(us.members().list().retirement("eu") == regions::Retirement::kNone);
      nodes.run(8'000);
      CHECK_FALSE(lacks(nodes, kUs, "eu"));
      const auto again = us.retire("eu", regions::Retirement::kLost);
      REQUIRE(again.ok());  // The same once more.
    }
    CHECK(settled(kUs));
    CHECK(settled(kFollower));
  }

  TEST_CASE(
      "a follower settles also by what it applies after all others have said where they stand") {
    Node former("ap", 3);
    former.write(0, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    Node ap("ap", 4);
    ap.write(0, [](Group& group) {
      group.put(regions::RegionList::origin_row("ap", 4), regions::RegionList::origin_value(3));
      group.put(regions::RegionList::origin_row("us", 1), regions::RegionList::origin_value(0));
    });
    const auto follower = opened("eu", 2, Role::kFollows);
    regions::Replica& replica = follower->replica();
    follower->deliver(ap, ap.storage().read_log(1)->bytes);
    constexpr regions::LinkId kLink = 100;
    replica.link_up(kLink, {}, 0);
    replica.step(
        kLink,
        regions::Greeting{.mesh = {1, 1}, .region = "ap", .origin = 4, .nonce = 4, .applied = {}},
        0);
    for (const auto& [region, origin] : {std::pair<std::string, Origin>{"ap", 4}, {"us", 1}}) {
      regions::RegionReport report;
      report.region = region;
      report.origin = origin;
      report.number = 1;
      report.list = replica.members().list().hash();
      report.durable = {{3, former.vector().at(3)}};
      replica.step(kLink, report, 0);
    }
    CHECK_FALSE(replica.members().settled().contains(3));
    follower->deliver(former, former.storage().read_log(1)->bytes);
    follower->storage().sync();
    replica.tick(10'000);
    CHECK(replica.members().settled().contains(3));
  }

  TEST_CASE("of what has ended a follower takes only what its sender has on its disk") {
    Node us("us", 1);
    us.write(0, [](Group& group) {
      const Path row = regions::RegionList::origin_row("ap", 4);
      group.put(row, regions::RegionList::origin_value(3));
    });
    const auto follower = opened("eu", 2, Role::kFollows);
    follower->deliver(us, us.storage().read_log(1)->bytes);
    REQUIRE(follower->replica().members().list().succeeded(3));
    follower->replica().link_up(100, {}, 0);
    follower->replica().step(100,
                             regions::Greeting{.mesh = {1, 1},
                                               .region = "ap",
                                               .origin = 4,
                                               .nonce = 4,
                                               .applied = {{1, us.vector().at(1)}, {3, 7}}},
                             0);
    follower->replica().effects().clear();
    follower->storage().sync();
    follower->replica().tick(2'000);
    const bool asks = std::ranges::any_of(follower->replica().effects(), [](const auto& effect) {
      const auto* const send = std::get_if<regions::Send>(&effect);
      const auto* const wanted =
          send == nullptr ? nullptr : std::get_if<regions::Subscribe>(&send->message);
      return wanted != nullptr && wanted->ended == std::vector<Origin>{3};
    });
    CHECK(asks);
    CHECK(follower->replica().keeper().reports().all().empty());  // It says nothing of that.
  }
}

}  // namespace anabranch::following_test
