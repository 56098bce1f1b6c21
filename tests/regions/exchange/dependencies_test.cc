// Batches that depend on another history of an origin than the one here: they are not applied,
// whichever peer sends them, also from a peer that has shown no hash of that history yet.

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/mark.h"
#include "regions/exchange/forks.h"
#include "tests/crdt/random.h"
#include "tests/regions/linked_nodes.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"

namespace anabranch::dependencies_test {

using core::Path;
using regions::Group;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Origin kForked = 1;
constexpr std::size_t kLeft = 1;
constexpr std::size_t kRight = 2;
constexpr std::size_t kCopy = 3;
constexpr std::size_t kBetween = 4;
constexpr std::size_t kLeftBatches = 6;
const std::uint8_t kBatch = regions::kind_of(regions::BatchMessage{});

void put(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  nodes.write(index, [&](Group& group) {
    group.put(Path{"\1", key, "s"}, key + " of " + std::to_string(index));
  });
}

std::string get(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  const auto siblings = nodes.at(index).replica().reader()->row(Path{"\1", key, "s"}).cell.siblings;
  return siblings.empty() ? "" : siblings.back().value;
}

bool lists_fork_with(LinkedNodes& nodes, std::size_t index, std::size_t other) {
  const auto& all = nodes.at(index).replica().exchange().forks().all();
  return all.contains(kForked) && all.at(kForked).contains(nodes.at(other).origin());
}

// Two copies of eu have written on under one origin, each followed by one region: kLeft has five
// batches of the branch, kRight three of the other one and a write of its own behind it. kBetween
// is empty and linked with none.
std::unique_ptr<LinkedNodes> two_sides() {
  auto nodes = std::make_unique<LinkedNodes>();
  for (const char* region : {"eu", "us", "ap"}) {
    nodes->add(std::make_unique<Node>(region, nodes->size() + 1));
  }
  put(*nodes, 0, "common");
  nodes->add(std::make_unique<Node>("eu", 10, nodes->at(0).storage().clone()));
  nodes->add(std::make_unique<Node>("sa", 20));
  nodes->connect(0, kLeft);
  nodes->connect(kCopy, kRight);
  for (int i = 0; i < 5; ++i) put(*nodes, 0, "left");
  for (int i = 0; i < 3; ++i) put(*nodes, kCopy, "right");
  nodes->run(2'000);
  put(*nodes, kRight, "depends");
  nodes->run(2'000);
  return nodes;
}

// kBetween meets kLeft, of which no batch comes, and then eu's other copy, of which all come: its
// own origin is rather taken from eu itself.
void meet_between(LinkedNodes& nodes) {
  nodes.lose(kBatch, kLeftBatches);
  nodes.connect(kBetween, kLeft);
  REQUIRE(nodes.at(kBetween).vector().at(kForked) == 0);
  nodes.connect(kBetween, kCopy);
  nodes.run(3'000);
  REQUIRE(get(nodes, kBetween, "depends") == "depends of 2");
}

// The histories of other origins that each batch was written onto, as its author had them.
class Authors {
 public:
  // Writes at a region and notes what the batch depends on.
  void write(LinkedNodes& nodes, std::size_t index, const std::string& key) {
    std::map<core::Origin, regions::Head> before = nodes.at(index).replica().applied().heads();
    put(nodes, index, key);
    const core::Origin origin = nodes.at(index).origin();
    before.erase(origin);
    written_[nodes.at(index).replica().applied().head(origin).chain] = std::move(before);
  }

  // Returns how many batches in the log of a region stand on another history than their author's.
  [[nodiscard]] std::size_t misplaced(Node& node) const {
    std::size_t count = 0;
    std::map<std::pair<core::Origin, core::Seq>, core::ChainHash> chains;
    for (const storage::StoredRecord& record : test::log_records(node.storage())) {
      const core::ChainHash chain = core::chain_hash(record.bytes);
      chains[{record.origin, record.last}] = chain;
      const auto written = written_.find(chain);
      if (written == written_.end()) continue;
      for (const auto& [origin, head] : written->second) {
        const auto here = chains.find({origin, head.seq});
        if (here == chains.end() || here->second != head.chain) ++count;
      }
    }
    return count;
  }

 private:
  std::map<core::ChainHash, std::map<core::Origin, regions::Head>> written_;
};

}  // namespace

TEST_SUITE("regions: histories that batches depend on") {
  TEST_CASE("a peer that has just taken the other history passes on what depends on it, in vain") {
    const auto world = two_sides();
    LinkedNodes& nodes = *world;
    meet_between(nodes);
    CHECK(get(nodes, kLeft, "depends") == "");
    CHECK(lists_fork_with(nodes, kLeft, kBetween));
    CHECK(lists_fork_with(nodes, kBetween, kLeft));
  }

  TEST_CASE("the same where the fork is known already, of another peer") {
    const auto world = two_sides();
    LinkedNodes& nodes = *world;
    nodes.connect(kLeft, kRight);
    nodes.run(2'000);
    REQUIRE(lists_fork_with(nodes, kLeft, kRight));
    meet_between(nodes);
    CHECK(get(nodes, kLeft, "depends") == "");
  }

  TEST_CASE("in random meshes with two copies of a region no batch stands on another history") {
    const std::uint64_t seed = test::seed();
    std::size_t forked = 0;
    for (std::uint64_t run = 0; run < (test::long_run() ? 20'000U : 400U); ++run) {
      CAPTURE(seed + run);
      test::Random random(seed + run);
      LinkedNodes nodes;
      Authors authors;
      for (const char* region : {"eu", "us", "ap", "sa"}) {
        nodes.add(std::make_unique<Node>(region, nodes.size() + 1));
      }
      authors.write(nodes, 0, "common");
      nodes.add(std::make_unique<Node>("eu", 10, nodes.at(0).storage().clone()));
      for (int step = 0; step < 40; ++step) {
        const std::size_t at = random.below(nodes.size());
        const std::size_t other = random.below(nodes.size());
        const double what = random.unit();
        if (what < 0.4) {
          authors.write(nodes, at, "k" + std::to_string(random.below(3)));
        } else if (what < 0.5) {
          nodes.lose(kBatch, 1 + random.below(5), random.below(3));
        } else if (what < 0.7 && at != other) {
          nodes.connect(at, other);
        } else if (what < 0.8 && at != other) {
          nodes.disconnect(at, other);
        } else {
          nodes.run(random.chance(0.7) ? 100 : 100 * random.between(1, 30));
        }
      }
      nodes.run(3'000);
      for (std::size_t at = 0; at < nodes.size(); ++at) {
        REQUIRE(authors.misplaced(nodes.at(at)) == 0);
        forked += nodes.at(at).replica().exchange().forks().any() ? 1 : 0;
      }
    }
    CHECK(forked > 0);
  }
}

}  // namespace anabranch::dependencies_test
