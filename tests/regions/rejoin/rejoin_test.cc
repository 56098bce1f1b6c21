// Giving way: a side of a fork joins the others' history, and writes again the writes that only it
// had. The result must be the world in which the copy had begun a new origin when it was made: the
// same values with the same timestamps, the same sums, the same removals.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/regions/linked_nodes.h"
#include "tests/seed.h"

namespace anabranch::rejoin_test {

using core::Path;
using core::VersionVector;
using regions::Group;
using regions::RejoinState;
using regions::Replica;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr core::Millis kEqualMs = 60'000;
constexpr core::Origin kForked = 1;
const std::uint8_t kBatch = regions::kind_of(regions::BatchMessage{});
const std::uint8_t kHistory = regions::kind_of(regions::History{});

regions::ReplicaOptions options(const std::string& region, core::Origin origin, bool new_origin) {
  static std::uint64_t nonce = std::uint64_t{1} << 60U;
  regions::ReplicaOptions options{.mesh = {1, 1},
                                  .region = region,
                                  .fresh_origin = origin,
                                  .nonce = ++nonce,
                                  .new_origin = new_origin,
                                  .drift_ms_max = core::Millis{1} << 46};
  options.limits.rejoin = {.records_max = 3, .ops_max = 5, .bytes_max = 1000};
  options.limits.snapshots.slice_rows_max = 3;
  return options;
}

std::unique_ptr<Node> node(const std::string& region, core::Origin origin,
                           std::unique_ptr<storage::MemoryStorage> disk = nullptr,
                           bool new_origin = false) {
  return std::make_unique<Node>(options(region, origin, new_origin), std::move(disk), 0);
}

// Values by time, and sums: all that does not depend on the names of origins.
struct Shown {
  std::map<Path, std::vector<std::pair<core::Hlc, std::string>>> cells;
  std::map<Path, core::Number> tallies;
  bool operator==(const Shown&) const = default;
};

Shown shown_at(Node& node) {
  Shown shown;
  test::Visible visible = node.visible();
  shown.tallies = std::move(visible.tallies);
  for (const auto& [path, values] : visible.cells) {
    for (const auto& each : values) shown.cells[path].emplace_back(each.hlc, each.value);
    std::ranges::sort(shown.cells[path]);
  }
  return shown;
}

// The same random writes, whatever the origins are called.
class Workload {
 public:
  Workload(LinkedNodes& nodes, std::uint64_t seed) : nodes_(nodes), random_(seed) {}

  test::Random& random() { return random_; }

  void write(std::size_t index) {
    std::vector<VersionVector>& seen = seen_[index];
    seen.push_back(nodes_.at(index).vector());
    nodes_.write(index, [&](Group& group) {
      for (std::size_t acts = 1 + random_.below(3); acts > 0; --acts) act(group, seen);
    });
  }

 private:
  void act(Group& group, const std::vector<VersionVector>& seen) {
    const std::string key = "k" + std::to_string(random_.below(3));
    const Path row = random_.chance(0.5) ? Path{"\1", key, "s"} : Path{"\1", key, "h", "f", "s"};
    const double what = random_.unit();
    const std::string value = std::to_string(random_.below(1'000'000));
    const VersionVector& older = seen[random_.below(seen.size())];
    if (what < 0.3) return group.put(row, value);
    if (what < 0.4) return group.put(row, value, older);
    if (what < 0.5) return group.remove(row);
    if (what < 0.8) return group.add(row, random_.between(-5, 5));
    if (what < 0.9) return group.reset(row);
    group.clear(Path{"\1", key});
  }

  LinkedNodes& nodes_;
  test::Random random_;
  std::map<std::size_t, std::vector<VersionVector>> seen_;
};

// Gives way as soon as the fork is known, and waits until that is over. `between` is called on the
// way.
void give_way(LinkedNodes& nodes, std::size_t index, const std::function<void()>& between = {}) {
  std::string refused = "not asked";
  for (int tries = 0; !refused.empty() && tries < 100; ++tries) {
    nodes.run(200);
    const auto begun =
        nodes.at(index).replica().background().resolve_fork(kForked, false, nodes.now());
    refused = begun.ok() ? "" : begun.failure().message;
  }
  CAPTURE(index);
  std::string positions;
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    positions += std::to_string(at) + " " + core::to_string(nodes.at(at).origin()) + " has " +
                 core::to_string(nodes.at(at).vector()) + "; ";
  }
  CAPTURE(positions);
  REQUIRE(refused == "");
  for (int steps = 0; nodes.at(index).replica().background().repair().rejoin() != nullptr;
       ++steps) {
    REQUIRE(steps < 10'000);
    if (between) between();
    nodes.run(100);
  }
  REQUIRE_FALSE(nodes.at(index).replica().background().repair().failed().has_value());
}

void require_equal(LinkedNodes& nodes) {
  REQUIRE(nodes.run_until_equal(kEqualMs));
  nodes.run(3'000);
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    REQUIRE(nodes.at(at).digest() == nodes.at(0).digest());
    REQUIRE(nodes.at(at).wrong_count() == "");
    REQUIRE(nodes.at(at).wrong_digest() == "");
    REQUIRE_FALSE(nodes.at(at).replica().exchange().forks().any());
  }
}

// Both sides of the fork give way at once, then each leader that has another history than a peer,
// until no leader has. `between` is called on the way with the index of a leader that gives way.
void all_give_way(LinkedNodes& nodes, const std::function<void(std::size_t)>& between) {
  const auto resolve = [&](std::size_t at) {
    return nodes.at(at).replica().background().resolve_fork(kForked, true, nodes.now()).ok();
  };
  const auto wait = [&](std::size_t at) {
    for (int steps = 0; nodes.at(at).replica().background().repair().rejoin() != nullptr; ++steps) {
      REQUIRE(steps < 10'000);
      between(at);
      nodes.run(100);
    }
  };
  for (int tries = 0; tries < 100 && !(resolve(3) && resolve(1)); ++tries) nodes.run(200);
  for (const std::size_t at : {1, 3}) wait(at);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      nodes.run(3'000);
      if (nodes.at(at).replica().exchange().forks().any() && resolve(at)) wait(at);
    }
  }
}

enum class Copy : std::uint8_t { kForks, kForksBetween, kForksTwice, kBeginsAnew };

// 5 is a new region, of which no batch that 1 sends arrives at first: it takes the history of 3,
// and passes it on to 1, before 1 and 3 have met.
void connect_between(LinkedNodes& nodes) {
  nodes.add(node("ca", 30));
  nodes.lose(kBatch, nodes.at(1).storage().last_position());
  nodes.connect(5, 1);
  nodes.lose(kBatch, 0);
  nodes.connect(5, 3);
  nodes.run(2'000);
}

// 0 is eu, 3 a copy of it that goes on writing, followed by 4; 1 and 2 follow 0.
Shown random_world(std::uint64_t seed, Copy copy, bool kills) {
  LinkedNodes nodes;
  Workload work(nodes, seed);
  for (const char* region : {"eu", "us", "ap"}) {
    nodes.add(node(region, nodes.size() + 1));
  }
  nodes.connect(0, 1);
  nodes.connect(1, 2);
  const std::size_t before = work.random().below(20);
  for (std::size_t i = 0; i < before; ++i) {
    work.write(work.random().below(3));
    if (work.random().chance(0.5)) nodes.run(100);
  }
  nodes.add(node("eu", 10, nodes.at(0).storage().clone(), copy == Copy::kBeginsAnew));
  nodes.add(node("sa", 20));
  nodes.connect(3, 4);
  work.write(3);
  work.write(0);
  for (std::size_t i = 2 + work.random().below(40); i > 0; --i) {
    work.write(work.random().below(5));
    if (work.random().chance(0.5)) nodes.run(100);
  }
  nodes.run(2'000);
  if (copy == Copy::kForksBetween) connect_between(nodes);
  nodes.connect(1, 3);
  test::Random random(seed + 1);
  core::Origin fresh = 1000;
  const auto kill = [&](std::size_t index) {
    if (!kills || !random.chance(0.2)) return;
    const std::string region = nodes.at(index).replica().identity().region;
    nodes.replace(index, node(region, ++fresh, nodes.at(index).storage().clone()));
  };
  if (copy == Copy::kForksTwice) all_give_way(nodes, kill);
  if (copy == Copy::kForks || copy == Copy::kForksBetween) {
    give_way(nodes, 3, [&] { kill(3); });
    give_way(nodes, 4, [&] { kill(4); });
  }
  const bool also_between =
      copy == Copy::kForksBetween && nodes.at(5).replica().exchange().forks().any();
  if (also_between) give_way(nodes, 5, [&] { kill(5); });
  require_equal(nodes);
  return shown_at(nodes.at(2));
}

// The first value of a key.
std::string get(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  const auto siblings = nodes.at(index).replica().reader()->row(Path{"\1", key, "s"}).cell.siblings;
  return siblings.empty() ? "" : siblings.back().value;
}

void put_and_count(LinkedNodes& nodes, std::size_t index, const std::string& key) {
  nodes.write(index, [&](Group& group) {
    group.put(Path{"\1", key, "s"}, key);
    group.add(Path{"\1", "sum", "s"}, 1);
  });
}

void require_sum(LinkedNodes& nodes, int sum) {
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    CAPTURE(at);
    REQUIRE(nodes.at(at).replica().reader()->row(Path{"\1", "sum", "s"}).tally.sum() == sum);
  }
}

// eu was put back to an older state, and wrote on: 0 has that, 1 and 2 the writes it had made
// before. All had 2 in common.
struct PutBack : LinkedNodes {
  // The fate of messages about the fork: they arrive, get lost, or the logs have forgotten the
  // hashes.
  enum class Histories : std::uint8_t { kKnown, kLost, kTrimmed };
  // `apart` is called while 0 has written on, and has not met the others.
  explicit PutBack(Histories histories = Histories::kKnown,
                   const std::function<void(PutBack&)>& apart = {}) {
    for (const char* region : {"eu", "us", "ap"}) add(node(region, size() + 1));
    connect(0, 1);
    connect(1, 2);
    put_and_count(*this, 0, "common 1");
    put_and_count(*this, 1, "common 2");
    run(1'000);
    auto backup = at(0).storage().clone();
    put_and_count(*this, 0, "before 1");
    put_and_count(*this, 0, "before 2");
    put_and_count(*this, 2, "depends");
    run(1'000);
    disconnect(0, 1);
    replace(0, node("eu", 10, std::move(backup)));
    put_and_count(*this, 0, "after");
    if (apart) apart(*this);
    if (histories == Histories::kLost) lose(kHistory, 1'000);
    if (histories == Histories::kTrimmed) {
      for (const std::size_t each : {1, 2}) {  // But for the last batch of the forked origin.
        const auto last = at(each).storage().find(kForked, 5);
        REQUIRE(at(each).storage().trim(last.value()).ok());
      }
    }
    connect(0, 1);
    run(2'000);
  }
  std::string resolve(std::size_t index, core::Origin origin, bool adopt = false) {
    const auto begun = at(index).replica().background().resolve_fork(origin, adopt, now());
    return begun.ok() ? "" : begun.failure().message;
  }
  void wait(std::size_t index) {
    for (int i = 0; i < 1000 && at(index).replica().background().repair().rejoin() != nullptr; ++i)
      run(100);
    REQUIRE(at(index).replica().background().repair().rejoin() == nullptr);
  }
};

}  // namespace

TEST_SUITE("regions: rejoin") {
  TEST_CASE("a fork that was resolved is as if the copy had begun a new origin at once") {
    const int runs = test::long_run() ? 2'000 : 60;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      const Shown ideal = random_world(seed, Copy::kBeginsAnew, false);
      REQUIRE(random_world(seed, Copy::kForks, false) == ideal);
      REQUIRE(random_world(seed, Copy::kForks, true) == ideal);
      REQUIRE(random_world(seed, Copy::kForksBetween, seed % 2 == 0) == ideal);
      REQUIRE(random_world(seed, Copy::kForksTwice, false) == ideal);
      REQUIRE(random_world(seed, Copy::kForksTwice, true) == ideal);
    }
  }

  TEST_CASE("the region that wrote both histories gives way, and the others need nothing") {
    PutBack nodes;
    REQUIRE(get(nodes, 0, "before 1") == "");
    REQUIRE(nodes.resolve(0, kForked) == "");
    CHECK(get(nodes, 0, "after") == "after");
    nodes.wait(0);
    require_equal(nodes);
    require_sum(nodes, 6);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(get(nodes, at, "after") == "after");
      CHECK(get(nodes, at, "before 2") == "before 2");
      CHECK(get(nodes, at, "depends") == "depends");
    }
    put_and_count(nodes, 0, "later");
    put_and_count(nodes, 1, "later too");
    require_equal(nodes);
    require_sum(nodes, 8);
  }

  TEST_CASE("what another region wrote is adopted when that is asked for, once, whoever has it") {
    PutBack nodes;
    CHECK(nodes.resolve(1, kForked).find("region eu has not got what is here of its origin") == 0);
    REQUIRE(nodes.resolve(1, kForked, true) == "");
    nodes.wait(1);
    nodes.run(3'000);
    REQUIRE(nodes.resolve(2, kForked) == "");  // It finds that it was adopted.
    nodes.wait(2);
    require_equal(nodes);
    require_sum(nodes, 6);
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(get(nodes, at, "after") == "after");
      CHECK(get(nodes, at, "before 1") == "before 1");
      CHECK(get(nodes, at, "depends") == "depends");
    }
  }

  TEST_CASE("of two sides that give way to each other at once, one does not") {
    for (const bool eu_first : {true, false}) {
      CAPTURE(eu_first);
      PutBack nodes;
      REQUIRE(nodes.resolve(eu_first ? 0 : 1, kForked, true) == "");
      REQUIRE(nodes.resolve(eu_first ? 1 : 0, kForked, true) == "");
      nodes.wait(0);
      nodes.wait(1);
      nodes.run(60'000);
      CHECK(nodes.at(0).replica().background().repair().failed().has_value() !=
            nodes.at(1).replica().background().repair().failed().has_value());
      if (nodes.at(2).replica().exchange().forks().any()) {
        REQUIRE(nodes.resolve(2, kForked) == "");  // It finds that us has adopted its branch.
        nodes.wait(2);
      }
      require_equal(nodes);
      require_sum(nodes, 6);
      for (std::size_t at = 0; at < 3; ++at) {
        for (const char* key : {"after", "before 1", "before 2", "depends"}) {
          CHECK(get(nodes, at, key) == key);
        }
      }
    }
  }

  TEST_CASE("two histories do not mix where no log tells them apart, and no write counts twice") {
    PutBack nodes;
    const auto last = nodes.at(2).storage().find(kForked, 5);
    REQUIRE(nodes.at(2).storage().trim(last.value()).ok());
    nodes.add(node("sa", 20));
    nodes.connect(2, 3);  // It gets a snapshot.
    nodes.run(20'000);
    nodes.disconnect(2, 3);
    REQUIRE(nodes.resolve(1, kForked, true) == "");
    nodes.wait(1);
    nodes.run(3'000);
    nodes.connect(1, 3);
    nodes.run(100'000);
    const auto sum = [&](std::size_t at) {
      return nodes.at(at).replica().reader()->row(Path{"\1", "sum", "s"}).tally.sum();
    };
    CHECK(sum(0) == 6);
    CHECK(sum(1) == 6);
    CHECK(sum(2) == 5);
    CHECK(sum(3) == 5);
    const auto& alarms = nodes.alarms(1);
    CHECK(std::ranges::any_of(alarms, [](const std::string& alarm) {
      return alarm.find("no log tells any more whether both leaders have the same one") !=
             std::string::npos;
    }));
  }

  TEST_CASE("a leader without the log asks others how far a peer has the same history") {
    for (const bool known : {true, false}) {
      CAPTURE(known);
      PutBack nodes(PutBack::Histories::kKnown, [](PutBack& world) {
        world.add(node("sa", 20));
        world.connect(0, 3);
        world.run(3'000);
        world.disconnect(0, 3);
        put_and_count(world, 0, "after 2");
      });
      nodes.disconnect(1, 2);
      REQUIRE(nodes.resolve(1, kForked, true) == "");
      nodes.wait(1);
      nodes.run(3'000);
      if (!known) nodes.disconnect(0, 1);
      nodes.connect(1, 3);  // It has a position of eu that no log of 1 has.
      nodes.run(100'000);
      CHECK((get(nodes, 3, "after 2") == "after 2") == known);
      if (known) CHECK(nodes.at(3).digest() == nodes.at(1).digest());
      const auto warns = [&](std::size_t at) {
        return std::ranges::any_of(nodes.alarms(at), [](const std::string& alarm) {
          return alarm.find("no log tells any more whether both") != std::string::npos;
        });
      };
      CHECK(warns(3) != known);
    }
  }

  TEST_CASE("until it gives way too, a leader does not take its own branch under another name") {
    PutBack nodes;
    REQUIRE(nodes.resolve(1, kForked, true) == "");
    nodes.wait(1);
    nodes.run(5'000);
    CHECK(nodes.at(2).replica().reader()->row(Path{"\1", "sum", "s"}).tally.sum() == 5);
    CHECK(nodes.at(2).replica().exchange().forks().any());
  }

  TEST_CASE("it refuses what cannot be, and changes nothing") {
    PutBack nodes;
    CHECK(nodes.resolve(0, 99) ==
          "there is no fork of origin 0000000000000063 here: see fork list");
    REQUIRE(nodes.resolve(0, kForked) == "");
    CHECK(nodes.resolve(0, kForked) == "this leader is giving way already: see fork list");
    nodes.wait(0);
    PutBack others;
    others.disconnect(0, 1);
    CHECK(others.resolve(0, kForked) == "no region that has the other history is connected");
    CHECK(others.at(0).replica().background().repair().rejoin() == nullptr);
  }

  TEST_CASE("what is not known yet is told apart from what no log tells") {
    PutBack nodes(PutBack::Histories::kLost);
    CHECK(nodes.resolve(1, kForked, true) ==
          "where the histories of origin 0000000000000001 part is not known yet: region eu has not "
          "answered; try again in some seconds");
    nodes.lose(kHistory, 0);
    nodes.run(3'000);
    CHECK(nodes.resolve(1, kForked, true) == "");
    PutBack trimmed(PutBack::Histories::kTrimmed);
    CHECK(trimmed.resolve(1, kForked, true) ==
          "where the histories of origin 0000000000000001 part is not known exactly: the log here "
          "does not reach back to 0");
    CHECK(trimmed.resolve(0, kForked) ==
          "where the histories of origin 0000000000000001 part is not known exactly: behind 0 and "
          "at or before 4, and the log of region us does not reach back to that");
  }

  TEST_CASE("a peer that lies of a loss costs time only") {
    LinkedNodes nodes;
    for (const char* region : {"eu", "us"}) nodes.add(node(region, nodes.size() + 1));
    nodes.connect(0, 1);
    put_and_count(nodes, 0, "own");
    nodes.run(1'000);
    nodes.at(0).replica().step(
        1, regions::Refusal{"us", "is region eu with data that was declared lost", true},
        nodes.now());
    nodes.run(5'000);
    REQUIRE(nodes.at(0).replica().background().repair().rejoin() == nullptr);
    REQUIRE(nodes.at(0).replica().background().repair().failed().has_value());
    CHECK(nodes.at(0).replica().background().repair().failed()->message ==
          "the others do not say that this region was declared lost");
    put_and_count(nodes, 0, "later");
    put_and_count(nodes, 1, "later too");
    require_equal(nodes);
    require_sum(nodes, 3);
  }

  TEST_CASE("its callers see all that they had at every moment, and what they write meanwhile") {
    PutBack nodes;
    REQUIRE(nodes.resolve(0, kForked) == "");
    int written = 0;
    while (nodes.at(0).replica().background().repair().rejoin() != nullptr && written < 200) {
      put_and_count(nodes, 0, "meanwhile " + std::to_string(written++));
      REQUIRE(get(nodes, 0, "after") == "after");
      for (int i = 0; i < written; ++i) {
        const std::string key = "meanwhile " + std::to_string(i);
        REQUIRE(get(nodes, 0, key) == key);
      }
      nodes.run(100);
    }
    require_equal(nodes);
    require_sum(nodes, 6 + written);
  }

  TEST_CASE("how old the log is, of one that has given way, is written with the log") {
    PutBack nodes;
    regions::ReplicaOptions small = options("eu", 11, false);
    small.limits.log.bytes_max = 64'000;  // Segments of some twenty batches.
    nodes.replace(0, std::make_unique<Node>(small, nodes.at(0).storage().clone(), 0));
    for (int i = 0; i < 100; ++i) put_and_count(nodes, 0, "long");
    nodes.run(2'000);
    REQUIRE(nodes.resolve(0, kForked) == "");
    Replica& replica = nodes.at(0).replica();
    for (int i = 0; i < 1000 && !replica.background().repair().rejoin()->logging(); ++i)
      nodes.run(100);
    while (replica.background().repair().rejoin() != nullptr)
      REQUIRE(replica.background().work(nodes.now()).ok());
    regions::LogSegments found(small.limits.log);
    REQUIRE(found.load(*nodes.at(0).storage().snapshot(), nodes.at(0).storage()).ok());
    for (const storage::ChangeView& change : found.take_changes()) {
      // Only removals: the segments in the log are those in the rows.
      CHECK_FALSE(change.value.has_value());
    }
  }

  TEST_CASE("a stored rejoin survives its encoding, and nothing else is taken for one") {
    RejoinState state;
    state.stage = RejoinState::Stage::kLogging;
    state.common = {{1, 0}, {7, 9}};
    state.sources = {"eu", "us"};
    state.adopt = true;
    state.log_end = 12;
    const std::string bytes = encode_rejoin(state);
    CHECK(regions::decode_rejoin(bytes).value() == state);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(regions::decode_rejoin(bytes.substr(0, size)).ok());
    }
  }
}

}  // namespace anabranch::rejoin_test
