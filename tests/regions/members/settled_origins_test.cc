// Settled origins: every weaker rule has a case here that it would get wrong. How they are settled
// in meshes: settling_test.cc.

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "regions/members/settled_origins.h"
#include "tests/regions/parts.h"

namespace anabranch::settled_origins_test {

using core::Origin;
using core::Path;
using core::VersionVector;
using regions::Applied;
using regions::Group;
using regions::RegionList;
using regions::RegionReport;
using regions::RegionReports;
using regions::Retirement;
using regions::SettledOrigins;
using test::Parts;
using Origins = std::set<Origin>;

namespace {

const std::map<std::string, Origin> kLeaders{{"eu", 3}, {"us", 10}, {"ap", 20}};

// A list in which eu has had the origins 1, 2 and 3, one after another, us has 10 and ap 20.
struct ListWorld {
  Parts parts{"eu", 99};

  ListWorld() {
    write([](Group& group) {
      for (const auto& [origin, previous] : {std::pair<Origin, Origin>{1, 0}, {2, 1}, {3, 2}}) {
        group.put(RegionList::origin_row("eu", origin), RegionList::origin_value(previous));
      }
      group.put(RegionList::origin_row("us", 10), RegionList::origin_value(0));
      group.put(RegionList::origin_row("ap", 20), RegionList::origin_value(0));
    });
  }
  const RegionList& list() { return parts.list; }
  void write(const std::function<void(Group&)>& function) {
    parts.write(function);
    parts.list.load(*parts.state.reader());
  }
  void retire(const std::string& region, Retirement retirement) {
    std::vector<Origin> origins;
    for (const auto& [origin, known] : list().all().at(region).origins) origins.push_back(origin);
    write([&](Group& group) {
      const Path row = RegionList::retirement_row(region);
      if (retirement == Retirement::kNone) {
        group.remove(row);
      } else {
        group.put(row, RegionList::retirement_value(retirement, origins));
      }
    });
  }
};

// The reports of the regions of a world, and the origins that they settle.
struct SettlingWorld : ListWorld {
  Applied applied;
  RegionReports reports;
  SettledOrigins settled{applied};
  std::uint64_t number = 0;

  // `positions` are those of origin 1, 2, ...
  explicit SettlingWorld(const std::vector<core::Seq>& positions) {
    for (std::size_t i = 0; i < positions.size(); ++i) {
      regions::Head head;
      head.seq = positions[i];
      head.chain = core::chain_hash("x");
      if (head.seq > 0) applied.set_head(i + 1, head);
    }
  }
  RegionReport report(const std::string& region, Origin origin, const VersionVector& durable) {
    return {.region = region,
            .origin = origin,
            .number = ++number,
            .list = list().hash(),
            .durable = durable};
  }
  void say(RegionReport report) { REQUIRE(reports.take(std::move(report))); }
  void say(const std::string& region, Origin origin, const VersionVector& durable) {
    say(report(region, origin, durable));
  }
  VersionVector look() {
    settled.look(list(), reports);
    return settled.all();
  }
};

}  // namespace

TEST_SUITE("regions: settled origins") {
  TEST_CASE("an origin is settled when all regions have closed it at one position") {
    SettlingWorld world({5});
    world.say("eu", 3, {{1, 5}});
    world.say("us", 10, {{1, 5}});
    CHECK(world.look().empty());  // ap has not said anything.
    world.say("ap", 20, {{1, 4}});
    CHECK(world.look().empty());  // It may get the fifth yet.
    world.say("ap", 20, {{1, 5}});
    CHECK(world.look() == VersionVector{{1, 5}});
    // Whatever is said later.
    world.say("ap", 20, {});
    CHECK(world.look() == VersionVector{{1, 5}});
    CHECK(world.settled.forget(1));
    CHECK(world.settled.all().empty());
    CHECK_FALSE(world.settled.forget(1));
  }

  TEST_CASE("not by what others have and this leader has not") {
    SettlingWorld world({4});
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{1, 5}});
    CHECK(world.look().empty());
  }

  TEST_CASE("an origin that goes on is never settled") {
    SettlingWorld world({5, 5, 5});
    const VersionVector all{{1, 5}, {2, 5}, {3, 5}, {10, 1}};
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, all);
    CHECK(world.look() == VersionVector{{1, 5}, {2, 5}});
  }

  TEST_CASE("an origin is not settled before those that came before it") {
    SettlingWorld world({5, 7});
    world.say("eu", 3, {{1, 5}, {2, 7}});
    world.say("us", 10, {{1, 5}, {2, 7}});
    world.say("ap", 20, {{1, 4}, {2, 7}});
    CHECK(world.look().empty());
    world.say("ap", 20, {{1, 5}, {2, 7}});
    CHECK(world.look() == VersionVector{{1, 5}, {2, 7}});
  }

  TEST_CASE("what came after it is settled in the same look, whatever its name is") {
    std::vector<core::Seq> positions(12, 0);
    positions[12 - 1] = 5;
    positions[11 - 1] = 7;
    SettlingWorld world(positions);
    world.write([](Group& group) {  // The leader of us was 12, then 11, and is 10 now.
      for (const auto& [origin, previous] :
           {std::pair<Origin, Origin>{12, 0}, {11, 12}, {10, 11}}) {
        group.put(RegionList::origin_row("us", origin), RegionList::origin_value(previous));
      }
    });
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{11, 7}, {12, 5}});
    CHECK(world.look() == VersionVector{{11, 7}, {12, 5}});
  }

  TEST_CASE("one of which nobody has anything stands in nobody's way") {
    SettlingWorld world({0, 7});
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{2, 7}});
    CHECK(world.look() == VersionVector{{2, 7}});
  }

  TEST_CASE("what was settled while its region was retired goes on when that is waited for again") {
    std::vector<core::Seq> positions(20, 0);
    positions.back() = 3;  // Of origin 20.
    SettlingWorld world(positions);
    // The leader of ap fell back behind 20, and went on under 21.
    world.write([](Group& group) {
      for (const Origin origin : {20, 21}) {
        group.put(RegionList::origin_row("ap", origin), RegionList::origin_value(19));
      }
    });
    world.retire("ap", Retirement::kRetired);
    world.say("eu", 3, {{20, 3}});
    world.say("us", 10, {{20, 3}});
    world.say("ap", 21, {{20, 3}});
    CHECK(world.look() == VersionVector{{20, 3}});
    world.retire("ap", Retirement::kNone);
    CHECK(world.look().empty());
  }

  TEST_CASE("a retired region is asked as well, a lost one is not") {
    SettlingWorld world({5});
    const auto without_ap = [&] {
      world.say("eu", 3, {{1, 5}});
      world.say("us", 10, {{1, 5}});
      return world.look();
    };
    world.retire("ap", Retirement::kRetired);
    CHECK(without_ap().empty());
    world.retire("ap", Retirement::kLost);
    CHECK(without_ap() == VersionVector{{1, 5}});
  }

  TEST_CASE("what was said by another list of regions does not count") {
    SettlingWorld world({5});
    world.say("eu", 3, {{1, 5}});
    world.say("us", 10, {{1, 5}});
    RegionReport other = world.report("ap", 20, {{1, 5}});
    other.list = core::Hash128{1, 2};
    world.say(other);
    CHECK(world.look().empty());
    other.number = ++world.number;
    other.list.reset();  // It has closed nothing.
    world.say(other);
    CHECK(world.look().empty());
    // Nor does one of an incarnation that is not in the list.
    world.say("ap", 21, {{1, 5}});
    CHECK(world.look().empty());
    world.say("ap", 20, {{1, 5}});
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("of two leaders of a region both must have closed it, unless one is lost") {
    SettlingWorld world({5});
    world.write([](Group& group) {
      group.put(RegionList::origin_row("ap", 21), RegionList::origin_value(19));
    });
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{1, 5}});
    CHECK(world.look().empty());  // The other one may have more.
    SUBCASE("") {
      world.say("ap", 21, {{1, 4}});
      CHECK(world.look().empty());
      world.say("ap", 21, {{1, 5}});
    }
    SUBCASE("") {
      world.write([](Group& group) {
        group.put(RegionList::retirement_row("ap"),
                  RegionList::retirement_value(Retirement::kLost, {21}));
      });
      CHECK(world.list().retirement("ap") == Retirement::kNone);
      for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{1, 5}});
    }
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("a leader that fell back behind what it went by is asked under its new name alone") {
    SettlingWorld world({5});
    world.write([](Group& group) {
      for (const auto& [origin, previous] : {std::pair<Origin, Origin>{21, 20}, {22, 20}}) {
        group.put(RegionList::origin_row("ap", origin), RegionList::origin_value(previous));
      }
    });
    CHECK(world.list().line(22) == world.list().line(21));
    for (const auto& [region, origin] : kLeaders) {
      world.say(region, region == "ap" ? 22 : origin, {{1, 5}});
    }
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("who follows under a name that is in no list speaks for the leader that it was") {
    SettlingWorld world({5});
    world.say("eu", 3, {{1, 5}});
    world.say("us", 10, {{1, 5}});
    RegionReport follower = world.report("ap", 77, {{1, 5}});
    world.say(follower);
    CHECK(world.look().empty());  // No list tells the leader's former name.
    follower.previous = 10;       // Of another region.
    follower.number = ++world.number;
    world.say(follower);
    CHECK(world.look().empty());
    follower.previous = 20;
    follower.number = ++world.number;
    world.say(follower);
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("nothing is closed while something of it waits") {
    SettlingWorld world({5, 9});
    world.say("eu", 3, {{1, 5}, {2, 9}});
    world.say("us", 10, {{1, 5}, {2, 9}});
    RegionReport waiting = world.report("ap", 20, {{1, 5}, {2, 9}});
    waiting.open = {2};
    world.say(waiting);
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("an origin's own leader has not closed it, even if its region is retired") {
    SettlingWorld world({5});
    regions::Head head;
    head.seq = 4;
    world.applied.set_head(10, head);
    world.retire("us", Retirement::kRetired);
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{1, 5}, {10, 4}});
    CHECK(world.list().ended() == Origins{1, 2, 10});
    CHECK(world.look() == VersionVector{{1, 5}});
  }

  TEST_CASE("who comes later finds what others have settled and leave out") {
    SettlingWorld world({5, 9});
    SettlingWorld before({5, 9});
    for (const auto& [region, origin] : kLeaders) before.say(region, origin, {{1, 5}, {2, 9}});
    REQUIRE(before.look().size() == 2);
    for (const auto& [region, origin] : kLeaders) {
      RegionReport report = world.report(region, origin, {});
      report.settled = before.settled.hash();
      world.say(report);
      CHECK(world.settled.durable(world.list(), report) == VersionVector{{1, 5}, {2, 9}});
    }
    CHECK(world.look() == VersionVector{{1, 5}, {2, 9}});
    CHECK(world.settled.hash() == before.settled.hash());
    // But not where it has another position.
    SettlingWorld behind({5, 8});
    for (const auto& [region, origin] : kLeaders) {
      RegionReport report = behind.report(region, origin, {});
      report.settled = before.settled.hash();
      behind.say(report);
      CHECK(behind.settled.durable(behind.list(), report).empty());
    }
    CHECK(behind.look().empty());
  }

  TEST_CASE("what is left out can be put back, in its place and with its chain") {
    SettlingWorld world({5, 9, 3});
    for (const auto& [region, origin] : kLeaders) world.say(region, origin, {{1, 5}, {2, 9}});
    REQUIRE(world.look().size() == 2);
    VersionVector vector = world.settled.without(world.applied.vector());
    std::vector<core::ChainHash> chains = world.settled.chains_without();
    CHECK(vector == VersionVector{{3, 3}});
    CHECK(chains.size() == 1);
    world.settled.put_back(vector, chains);
    CHECK(vector == world.applied.vector());
    CHECK(chains == world.applied.chains());
  }
}

}  // namespace anabranch::settled_origins_test
