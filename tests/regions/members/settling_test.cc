// Origins that meshes settle, and leave out of what leaders show each other.

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::settling_test {

using core::Origin;
using core::Path;
using core::VersionVector;
using regions::Group;
using regions::RegionList;
using test::LinkedNodes;
using test::Node;
using Origins = std::set<Origin>;

namespace {

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

// A leader with `durability: interval`, which goes on under a new origin where it has reason to.
std::unique_ptr<Node> syncing_later(const std::string& region, Origin origin,
                                    std::unique_ptr<storage::MemoryStorage> disk) {
  return std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                        .region = region,
                                                        .fresh_origin = origin,
                                                        .nonce = origin + 1000,
                                                        .syncs_later = true,
                                                        .announce = true},
                                std::move(disk), 1000);
}

// A disk whose directory was moved to another machine.
std::unique_ptr<storage::MemoryStorage> moved(std::unique_ptr<storage::MemoryStorage> disk,
                                              Origin machine) {
  storage::Place place = disk->place();
  place.machine = std::to_string(machine);
  disk->set_place(std::move(place));
  return disk;
}

struct Mesh : LinkedNodes {
  enum class Shape { kMesh, kLine, kStar };
  explicit Mesh(Shape shape = Shape::kMesh, std::size_t size = 3,
                Durability durability = Durability::kSync)
      : LinkedNodes(durability) {
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

TEST_SUITE("regions: settling") {
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

  TEST_CASE("of 30 origins that a leader ends in the middle of things one is not ended") {
    Mesh mesh(Mesh::Shape::kMesh, 2, LinkedNodes::Durability::kInterval);
    constexpr Origin kFirst = 100;
    constexpr Origin kEnd = 129;
    bool power = false;
    SUBCASE("its power fails each time, right after it was heard of") { power = true; }
    SUBCASE("it moves each time") {}
    mesh.replace(1, syncing_later("r1", 99, moved(mesh.at(1).storage().clone(), 99)));
    REQUIRE(mesh.at(1).origin() == 99);
    REQUIRE(mesh.at(1).replica().announce().ok());
    for (Origin origin = kFirst; origin < kEnd; ++origin) {
      auto disk =
          power ? mesh.at(1).storage().crash() : moved(mesh.at(1).storage().clone(), origin);
      if (power) disk->set_faults({.durable_at_once = false});
      mesh.lose(regions::kind_of(regions::Heartbeat{}), 100);  // They would have it synced.
      mesh.replace(1, syncing_later("r1", origin, std::move(disk)));
      CHECK(mesh.at(1).origin() == origin);
      REQUIRE(mesh.at(1).replica().announce().ok());
      mesh.run(200);
      REQUIRE(mesh.at(0).replica().members().list().knows("r1", origin));
    }
    mesh.lose(regions::kind_of(regions::Heartbeat{}), 0);
    mesh.at(1).storage().set_faults({.durable_at_once = true});
    mesh.run(30'000);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 2; ++at) {
      const RegionList& list = mesh.at(at).replica().members().list();
      const auto& origins = list.all().find("r1")->second.origins;
      CHECK(origins.size() == kEnd - kFirst + 2);
      for (const auto& [origin, known] : origins) {
        CHECK(list.ended().contains(origin) == (origin != kEnd - 1));
      }
      CHECK(mesh.settled(at).size() == kEnd - kFirst + 1);
    }
  }

  TEST_CASE("an origin that others have listed is ended, also if nothing of it is here") {
    Mesh mesh(Mesh::Shape::kMesh, 1);
    mesh.add(std::make_unique<Node>("r1", 5));  // It does not announce its origin itself.
    mesh.write(0, [](Group& group) {
      group.put(RegionList::origin_row("r1", 5), RegionList::origin_value(0));
    });
    mesh.connect(0, 1);
    REQUIRE(mesh.run_until_equal(900));
    REQUIRE(mesh.at(1).vector().at(5) == 0);
    mesh.renew(1, 6);
    CHECK(mesh.at(1).replica().identity().previous == 5);
    mesh.run(10'000);
    CHECK(mesh.at(0).replica().members().list().ended() == Origins{5});
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
    Node node("eu", 99);
    Node writer("xx", 40);
    for (int i = 0; i < 3; ++i) {
      writer.write(1, [](Group& group) { group.put(Path{"\1", "k", "s"}, "v"); });
    }
    const auto batch = [&](storage::Position position) {
      return writer.storage().read_log(position)->bytes;
    };
    node.deliver(writer, batch(3));
    CHECK(node.replica().inbox().held().holds(40));
    node.write(1, [](Group& group) {
      group.put(RegionList::origin_row("xx", 40), RegionList::origin_value(0));
      group.put(RegionList::origin_row("xx", 41), RegionList::origin_value(40));
    });
    CHECK(node.replica().inbox().held().holds(40));
    node.replica().tick(5'000);
    CHECK_FALSE(node.replica().inbox().held().holds(40));
    // Batches of an older subscription are not taken any more.
    node.deliver(writer, batch(1));
    CHECK(node.vector().at(40) == 0);
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

}  // namespace anabranch::settling_test
