// Commits that fail: the replica stops, tells no peer of writes that were not stored, and is whole
// again when it is opened anew.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <anabranch/error.h>

#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/write.h"

namespace anabranch::commit_failure_test {

using core::Path;
using regions::Group;
using regions::Replica;
using test::Node;

namespace {

Path row_of(const std::string& key) { return {"\1", key, "s"}; }

std::map<std::string, std::string> shown(const Replica& replica) {
  std::map<std::string, std::string> values;
  replica.reader()->scan(core::Path(), [&](const Path& path, const crdt::Row& row) {
    values[path.components()[1]] = row.cell.siblings.back().value;
    return true;
  });
  return values;
}

bool sends(const regions::Effects& effects) {
  return std::ranges::any_of(effects, [](const regions::Effect& effect) {
    return std::holds_alternative<regions::Send>(effect);
  });
}

// One region that writes and receives until a commit fails.
struct FailingRegion {
  storage::MemoryStorage storage;
  core::ManualClock clock{1000};
  std::unique_ptr<Replica> replica;
  std::map<std::string, std::string> acknowledged;

  explicit FailingRegion(std::uint64_t fail_commit)
      : storage(storage::MemoryFaults{.fail_commit = fail_commit}) {}

  static regions::ReplicaOptions options() {
    return {.mesh = {1, 1}, .region = "eu", .fresh_origin = 7, .nonce = 7};
  }
  // Returns whether all commits went well.
  bool run(Node& peer, const std::vector<std::string>& batches) {
    auto opened = Replica::open(storage, clock, options());
    if (!opened.ok()) return false;
    replica = std::move(opened).value();
    const regions::Identity& sender = peer.replica().identity();
    replica->link_up(1, "tcp://127.0.0.1:1", 0);
    replica->step(1,
                  regions::Greeting{regions::Greeting::kProtocol, sender.mesh, sender.region,
                                    sender.origin, 5, peer.vector()},
                  0);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (!write(2 * i) || !write(2 * i + 1)) return false;
      replica->step(1, regions::BatchMessage{0, batches[i]}, 0);
      if (!replica->apply(0).ok()) return false;
      acknowledged["foreign"] = std::to_string(i);
    }
    return true;
  }
  bool write(std::size_t i) {
    replica->effects().clear();
    const std::string key = "k" + std::to_string(i % 3);
    test::write(*replica, [&](Group& group) { group.put(row_of(key), std::to_string(i)); });
    const auto position = replica->commit();
    if (!position.ok()) return false;
    acknowledged[key] = std::to_string(i);
    replica->durable(storage.durable_position(), 0);
    return true;
  }
};

}  // namespace

TEST_SUITE("regions: failing commits") {
  TEST_CASE("after the n-th commit fails, opening anew finds exactly what was acknowledged") {
    Node peer("us", 2);
    std::vector<std::string> batches;
    for (int i = 0; i < 4; ++i) {
      peer.write(500, [&](Group& group) { group.put(row_of("foreign"), std::to_string(i)); });
      batches.push_back(peer.storage().read_log(peer.storage().last_position())->bytes);
    }
    bool all_went_well = false;
    for (std::uint64_t n = 1; !all_went_well; ++n) {
      CAPTURE(n);
      REQUIRE(n < 30);
      FailingRegion region(n);
      all_went_well = region.run(peer, batches);
      if (all_went_well) break;
      if (n == 1) {
        CHECK_FALSE(region.replica);
        continue;
      }
      Replica& broken = *region.replica;
      REQUIRE(broken.broken());
      CHECK(shown(broken) == region.acknowledged);
      broken.effects().clear();
      CHECK_THROWS_AS(test::write(broken, [](Group&) {}), Error);
      CHECK_FALSE(broken.apply(0).ok());
      CHECK_FALSE(broken.background().collect().ok());
      broken.tick(5000);
      broken.durable(100, 0);
      broken.link_up(2, {}, 0);
      broken.link_down(1);
      broken.step(2, regions::Greeting{regions::Greeting::kProtocol, {1, 1}, "ap", 3, 5, {{7, 1}}},
                  0);
      CHECK_FALSE(sends(broken.effects()));

      const auto copy = region.storage.clone();
      copy->set_faults({});
      auto opened = Replica::open(*copy, region.clock, FailingRegion::options());
      REQUIRE(opened.ok());
      Replica& again = *opened.value();
      CHECK(shown(again) == region.acknowledged);
      CHECK(*broken.names().vectors().announced() == again.applied().vector());
      test::write(again, [](Group& group) { group.put(row_of("after"), "1"); });
      REQUIRE(again.commit().ok());
      Node reader("ap", 3);
      Node whole("eu", 7, copy->clone());
      for (const auto& record : test::log_records(*copy)) reader.deliver(whole, record.bytes);
      CHECK(reader.vector() == again.applied().vector());
      CHECK(reader.digest() == whole.digest());
      CHECK(whole.wrong_count() == "");
    }
  }

  TEST_CASE("an exception in a transaction undoes it alone and comes out") {
    Node node("eu", 1);
    struct Stop {};
    test::write(node.replica(), [](Group& group) { group.put(row_of("a"), "1"); });
    CHECK_THROWS_AS(test::write(node.replica(),
                                [](Group& group) {
                                  group.put(row_of("a"), "2");
                                  group.put(row_of("b"), "2");
                                  throw Stop{};
                                }),
                    Stop);
    REQUIRE(node.replica().commit().ok());
    CHECK(shown(node.replica()) == std::map<std::string, std::string>{{"a", "1"}});
    CHECK(node.vector().at(1) == 1);
  }

  TEST_CASE("a commit without writes is no batch") {
    Node node("eu", 1);
    node.write(1, [](Group&) {});
    CHECK(node.storage().last_position() == 0);
    CHECK(node.replica().commit().value() == 0);
  }
}

}  // namespace anabranch::commit_failure_test
