// Settled origins: every weaker rule has a case here that it would get wrong.

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "regions/members/settled_origins.h"
#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

using namespace anabranch;
using core::Origin;
using core::Path;
using core::VersionVector;
using regions::Applied;
using regions::Group;
using regions::RegionList;
using regions::Retirement;
using regions::SettledOrigins;
using regions::Standing;
using regions::Standings;
using test::LinkedNodes;
using test::Node;
using Origins = std::set<Origin>;

namespace {

const std::map<std::string, Origin> kLeaders{{"eu", 3}, {"us", 10}, {"ap", 20}};

std::unique_ptr<Node> listed(const std::string& region, Origin origin,
                             std::unique_ptr<storage::MemoryStorage> disk = nullptr) {
  const bool renewed = disk != nullptr;
  return std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                        .region = region,
                                                        .fresh_origin = origin,
                                                        .nonce = origin + 1000,
                                                        .new_origin = renewed,
                                                        .announce = true},
                                std::move(disk), 1000);
}

// A list in which eu has had the origins 1, 2 and 3, one after another, us has 10 and ap 20.
struct ListWorld {
  Node node{"eu", 99};

  ListWorld() {
    node.write(1, [](Group& group) {
      for (const auto& [origin, previous] : {std::pair<Origin, Origin>{1, 0}, {2, 1}, {3, 2}}) {
        group.put(RegionList::origin_row("eu", origin), RegionList::origin_value(previous));
      }
      group.put(RegionList::origin_row("us", 10), RegionList::origin_value(0));
      group.put(RegionList::origin_row("ap", 20), RegionList::origin_value(0));
    });
  }
  const RegionList& list() { return node.replica().members().list(); }
  void retire(const std::string& region, Retirement retirement) {
    REQUIRE(node.replica().retire(region, retirement).ok());
    REQUIRE(node.replica().commit().ok());
  }
};

// The standings of the regions of a world, and the origins that they settle.
struct SettlingWorld : ListWorld {
  Applied applied;
  Standings standings;
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
  Standing standing(const std::string& region, Origin origin, const VersionVector& durable) {
    return {.region = region,
            .origin = origin,
            .number = ++number,
            .list = list().hash(),
            .durable = durable};
  }
  void say(Standing standing) { REQUIRE(standings.take(std::move(standing))); }
  void say(const std::string& region, Origin origin, const VersionVector& durable) {
    say(standing(region, origin, durable));
  }
  VersionVector look() {
    settled.look(list(), standings);
    return settled.all();
  }
};

struct Mesh : LinkedNodes {
  enum class Shape { kMesh, kLine, kStar };
  explicit Mesh(Shape shape = Shape::kMesh, std::size_t size = 3) {
    for (std::size_t index = 0; index < size; ++index) {
      add(listed("r" + std::to_string(index), index + 1));
      if (index == 0) continue;
      if (shape == Shape::kLine) connect(index, index - 1);
      if (shape == Shape::kStar) connect(index, 0);
      for (std::size_t other = 0; shape == Shape::kMesh && other < index; ++other) {
        connect(index, other);
      }
    }
    run(3'000);
  }
  void put(std::size_t index) {
    write(index, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
  }
  // A region goes on under a new origin.
  void renew(std::size_t index, Origin origin) {
    replace(index, listed("r" + std::to_string(index), origin, at(index).storage().clone()));
  }
  Origins settled(std::size_t index) {
    Origins origins;
    for (const auto& [origin, seq] : at(index).replica().members().settled().all())
      origins.insert(origin);
    return origins;
  }
  std::size_t heartbeat_bytes(std::size_t index) const {
    return bytes_sent(index, regions::kind_of(regions::Heartbeat{}));
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
    world.node.write(2, [](Group& group) {  // The leader of us was 12, then 11, and is 10 now.
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
    world.node.write(2, [](Group& group) {
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
    Standing other = world.standing("ap", 20, {{1, 5}});
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
    world.node.write(1, [](Group& group) {
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
      world.node.write(2, [](Group& group) {
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
    world.node.write(1, [](Group& group) {
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
    Standing follower = world.standing("ap", 77, {{1, 5}});
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

  TEST_CASE("who wrote under a name that it did not announce announces it with the next one") {
    std::unique_ptr<Node> node = listed("eu", 5);
    REQUIRE(node->replica().announce().ok());
    node = listed("eu", 6, node->storage().clone());
    node->write(1, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    node = listed("eu", 7, node->storage().clone());
    REQUIRE(node->replica().announce().ok());
    const RegionList& list = node->replica().members().list();
    CHECK(list.previous(6) == 5);
    CHECK(list.previous(7) == 6);
    CHECK(list.line(7) == list.line(5));
  }

  TEST_CASE("a leader that was never written under is named by the first that was") {
    std::unique_ptr<Node> node = listed("eu", 5);  // Nothing was written, not even its name.
    node = listed("eu", 6, node->storage().clone());
    CHECK(node->replica().identity().previous == 5);
    node = listed("eu", 7, node->storage().clone());
    CHECK(node->replica().identity().previous == 5);
    node->write(1, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    node = listed("eu", 8, node->storage().clone());
    CHECK(node->replica().identity().previous == 7);
  }

  TEST_CASE("nothing is closed while something of it waits") {
    SettlingWorld world({5, 9});
    world.say("eu", 3, {{1, 5}, {2, 9}});
    world.say("us", 10, {{1, 5}, {2, 9}});
    Standing waiting = world.standing("ap", 20, {{1, 5}, {2, 9}});
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
      Standing standing = world.standing(region, origin, {});
      standing.settled = before.settled.hash();
      world.say(standing);
      CHECK(world.settled.durable(world.list(), standing) == VersionVector{{1, 5}, {2, 9}});
    }
    CHECK(world.look() == VersionVector{{1, 5}, {2, 9}});
    CHECK(world.settled.hash() == before.settled.hash());
    // But not where it has another position.
    SettlingWorld behind({5, 8});
    for (const auto& [region, origin] : kLeaders) {
      Standing standing = behind.standing(region, origin, {});
      standing.settled = before.settled.hash();
      behind.say(standing);
      CHECK(behind.settled.durable(behind.list(), standing).empty());
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

  TEST_CASE("the former self of a region is settled soon after it goes on under a new origin") {
    Mesh mesh;
    mesh.put(2);
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.renew(2, 30);
    mesh.run(5'000);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.at(at).replica().members().list().ended() == Origins{3});
      CHECK(mesh.settled(at) == Origins{3});
    }
  }

  TEST_CASE("it is not while a region is away that may have more of it") {
    Mesh mesh;
    mesh.disconnect(1, 0);
    mesh.put(2);
    mesh.disconnect(1, 2);
    mesh.disconnect(0, 2);
    auto older = mesh.at(2).storage().clone();
    mesh.put(2);  // No other region has this, but none can know.
    mesh.replace(2, listed("r2", 30, std::move(older)));
    mesh.connect(0, 2);
    mesh.run(5'000);
    CHECK(mesh.at(0).replica().members().list().ended() == Origins{3});
    CHECK(mesh.settled(0).empty());
    mesh.connect(1, 2);
    mesh.connect(1, 0);
    mesh.run(5'000);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.settled(at) == Origins{3});
  }

  TEST_CASE("in a line and in a star what the ends have closed reaches the other ends") {
    for (const Mesh::Shape shape : {Mesh::Shape::kLine, Mesh::Shape::kStar}) {
      Mesh mesh(shape, 5);
      mesh.put(4);
      REQUIRE(mesh.run_until_equal(10'000));
      mesh.renew(4, 30);
      mesh.run(20'000);
      REQUIRE(mesh.run_until_equal(10'000));
      for (std::size_t at = 0; at < mesh.size(); ++at) CHECK(mesh.settled(at) == Origins{5});
    }
  }

  TEST_CASE("in a line an end that is away is waited for") {
    Mesh mesh(Mesh::Shape::kLine, 4);
    mesh.disconnect(3, 2);
    mesh.renew(0, 30);
    mesh.run(20'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.settled(at).empty());
    mesh.connect(3, 2);
    mesh.run(20'000);
    for (std::size_t at = 0; at < 4; ++at) CHECK(mesh.settled(at) == Origins{1});
  }

  TEST_CASE("a restart knows what was settled, and goes on leaving it out") {
    Mesh mesh;
    mesh.renew(2, 30);
    mesh.run(5'000);
    mesh.put(0);
    mesh.put(1);
    mesh.run(5'000);
    REQUIRE(mesh.settled(0) == Origins{3});
    const std::size_t bytes = mesh.heartbeat_bytes(0);
    mesh.replace(0, listed("r0", 77, mesh.at(0).storage().clone()));  // Asks for a new origin.
    CHECK(mesh.settled(0) == Origins{3});
    mesh.run(10'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.settled(at) == Origins{1, 3});
    CHECK(mesh.heartbeat_bytes(0) <= bytes + 50);
  }

  TEST_CASE("a region that joins later comes to know what is settled, and leaves it out too") {
    Mesh mesh;
    for (Origin origin = 30; origin < 35; ++origin) {
      mesh.renew(2, origin);
      mesh.run(5'000);
    }
    REQUIRE(mesh.settled(0).size() == 5);
    const std::size_t index = mesh.add(listed("r3", 99));
    mesh.connect(index, 0);
    mesh.run(20'000);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at <= index; ++at) CHECK(mesh.settled(at).size() == 5);
    CHECK(mesh.heartbeat_bytes(index) < mesh.heartbeat_bytes(0) + 100);
  }

  TEST_CASE("fifty former selves leave heartbeats and greetings, and digests are still compared") {
    Mesh mesh;
    mesh.put(2);
    mesh.run(8'000);
    const std::size_t few = mesh.heartbeat_bytes(0);
    for (Origin origin = 100; origin < 150; ++origin) {
      mesh.renew(2, origin);
      mesh.run(5'000);
    }
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.run(10'000);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.settled(at).size() == 50);
      CHECK(mesh.at(at).vector().size() >= 53);
      CHECK(mesh.heartbeat_bytes(at) < few + 150);
      CHECK(mesh.alarms(at).empty());
      for (const auto& [origin, peer] : mesh.at(at).replica().exchange().peers()) {
        CHECK(peer.applied == mesh.at(at).vector());  // Put back.
      }
    }
    const VersionVector& vector = mesh.at(0).vector();
    const regions::Heartbeat whole{vector, vector, {}, mesh.at(0).replica().applied().chains()};
    MESSAGE("heartbeats of " << few << " bytes, after 50 incarnations of "
                             << mesh.heartbeat_bytes(0) << ", with all of them of "
                             << regions::encode_message(whole).size());
    mesh.disconnect(0, 1);
    mesh.connect(0, 1);
    mesh.run(3'000);
    const std::size_t greeting = mesh.bytes_sent(0, regions::kind_of(regions::Greeting{}));
    CHECK(greeting < 400);
    CHECK(mesh.at(0).replica().exchange().peers().at(2).applied == mesh.at(0).vector());
  }

  TEST_CASE("one that was away does without what others have settled meanwhile, until it knows") {
    Mesh mesh;
    mesh.renew(2, 30);
    mesh.run(5'000);
    REQUIRE(mesh.settled(1) == Origins{3});
    auto older = listed("r1", 50, mesh.at(1).storage().clone());
    mesh.renew(2, 31);
    mesh.run(5'000);
    REQUIRE(mesh.settled(0) == Origins{3, 30});
    mesh.replace(1, std::move(older));  // Back from a backup: it has settled less.
    mesh.run(10'000);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.settled(at) == Origins{2, 3, 30});
      CHECK(mesh.alarms(at).empty());
    }
  }

  TEST_CASE("nothing is settled while somebody is there whom the list does not know") {
    Mesh mesh;
    const std::size_t index = mesh.add(std::make_unique<Node>(
        regions::ReplicaOptions{.mesh = {1, 1}, .region = "r3", .fresh_origin = 99, .nonce = 99},
        nullptr, 1000));
    mesh.connect(index, 0);
    mesh.renew(2, 30);
    mesh.run(10'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.settled(at).empty());
    mesh.disconnect(index, 0);
    mesh.run(10'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.settled(at) == Origins{3});
  }

  TEST_CASE("what waits of an origin when it ends is dropped, and kept open until it is applied") {
    ListWorld world;
    Node writer("xx", 40);
    for (int i = 0; i < 3; ++i) {
      writer.write(1, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    }
    const auto batch = [&](storage::Position position) {
      return writer.storage().read_log(position)->bytes;
    };
    world.node.deliver(writer, batch(3));
    CHECK(world.node.replica().inbox().held().holds(40));
    world.node.write(1, [](Group& group) {
      group.put(RegionList::origin_row("xx", 40), RegionList::origin_value(0));
      group.put(RegionList::origin_row("xx", 41), RegionList::origin_value(40));
    });
    CHECK(world.node.replica().inbox().held().holds(40));
    world.node.replica().tick(5'000);
    CHECK_FALSE(world.node.replica().inbox().held().holds(40));
    // Batches of an older subscription are not taken any more.
    world.node.deliver(writer, batch(1));
    CHECK(world.node.vector().at(40) == 0);
  }

  TEST_CASE("what goes on although it was settled is open again, and settled where it ends now") {
    Mesh mesh;
    mesh.put(2);
    REQUIRE(mesh.run_until_equal(5'000));
    auto copy = listed("r2", 30, mesh.at(2).storage().clone());
    for (std::size_t at = 0; at < 2; ++at) mesh.disconnect(2, at);
    const std::size_t renewed = mesh.add(std::move(copy));  // Beside its former self.
    for (std::size_t at = 0; at < 2; ++at) mesh.connect(renewed, at);
    mesh.run(10'000);
    REQUIRE(mesh.settled(0) == Origins{3});
    mesh.put(2);
    for (std::size_t at = 0; at < 2; ++at) mesh.connect(2, at);
    mesh.run(10'000);
    REQUIRE(mesh.run_until_equal(10'000));
    for (std::size_t at = 0; at < 2; ++at) {
      CHECK(mesh.settled(at) == Origins{3});  // Where all have closed it now.
      CHECK(mesh.at(at).replica().members().settled().all().at(3) == mesh.at(2).vector().at(3));
      REQUIRE(mesh.alarms(at).size() == 1);
      CHECK(mesh.alarms(at)[0].find("goes on although it had ended everywhere: two leaders write "
                                    "as one region") != std::string::npos);
    }
  }
}
