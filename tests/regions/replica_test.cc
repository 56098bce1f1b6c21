// The replica, case by case: openings, batches that must not be applied, clocks, atomicity and
// dead slots. Random histories are in history_test.cc, failing commits in commit_failure_test.cc.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "regions/delivery/batch_check.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"
#include "tests/write.h"

namespace anabranch::replica_test {

using core::Path;
using regions::Group;
using test::Node;

namespace {

constexpr regions::LinkId kLink = 99;

Path row_of(const std::string& key) { return {"\1", key, "s"}; }

void put(Node& node, const std::string& key, const std::string& value, core::Millis wall = 1000) {
  node.write(wall, [&](Group& group) { group.put(row_of(key), value); });
}

std::string get(Node& node, const std::string& key) {
  const auto siblings = node.replica().reader()->row(row_of(key)).cell.siblings;
  return siblings.empty() ? "" : siblings.back().value;
}

std::vector<std::string> log_of(Node& node) {
  std::vector<std::string> log;
  for (auto& record : test::log_records(node.storage())) log.push_back(std::move(record.bytes));
  return log;
}

core::Batch decoded(const std::string& bytes) { return core::decode_batch(bytes).value(); }

// Connects `from` to a link of `to`, and hands batches over without carrying out any effect.
void greet(Node& to, Node& from) {
  const regions::Identity& sender = from.replica().identity();
  to.replica().link_up(kLink, {}, 0);
  to.replica().step(kLink,
                    regions::Greeting{regions::Greeting::kProtocol, sender.mesh, sender.region,
                                      sender.origin, 5, from.vector()},
                    0);
  to.replica().effects().clear();
}
void hand_over(Node& to, const std::string& bytes) {
  const auto batch = core::decode_batch(bytes);
  if (batch.ok()) {  // The sender of an unsolicited batch must show that it has it.
    const core::VersionVector shown{{batch.value().origin, batch.value().last()}};
    to.replica().step(kLink, regions::Ack{0, 0, shown, {}}, 0);
  }
  to.replica().step(kLink, regions::BatchMessage{0, bytes}, 0);
  while (to.replica().apply(0).value()) {
  }
}

template <typename Kind>
std::size_t count(const regions::Effects& effects) {
  return static_cast<std::size_t>(std::ranges::count_if(
      effects, [](const regions::Effect& effect) { return std::holds_alternative<Kind>(effect); }));
}

core::Result<std::unique_ptr<regions::Replica>> open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     const std::string& region,
                                                     core::Hash128 mesh = {1, 1}) {
  return regions::Replica::open(storage, clock,
                                {.mesh = mesh, .region = region, .fresh_origin = 1, .nonce = 1});
}

}  // namespace

TEST_SUITE("regions: replica") {
  TEST_CASE("data of another region or mesh is refused and stays as it was") {
    Node node("eu", 1);
    put(node, "a", "1");
    const auto copy = node.storage().clone();
    core::ManualClock clock;
    const auto region = open(*copy, clock, "us");
    REQUIRE_FALSE(region.ok());
    CHECK(region.failure().code == ErrorCode::kInvalid);
    CHECK(region.failure().message == "the data belongs to region eu, not to us");
    const auto second = copy->clone();
    const auto mesh = open(*second, clock, "eu", {1, 2});
    REQUIRE_FALSE(mesh.ok());
    CHECK(mesh.failure().code == ErrorCode::kInvalid);
    const auto third = second->clone();
    const auto right = open(*third, clock, "eu");
    REQUIRE(right.ok());
    CHECK(right.value()->identity().opening == 2);
  }

  TEST_CASE("the first batch of each opening says who writes, and the others do not") {
    Node first("eu", 1);
    put(first, "a", "1");
    put(first, "b", "2");
    Node second("eu", 2, first.storage().clone());
    CHECK(second.origin() == 1);
    put(second, "c", "3");
    Node third("eu", 3, second.storage().clone(), true);
    CHECK(third.origin() == 3);
    put(third, "d", "4");
    put(third, "e", "5");
    const std::vector<std::string> log = log_of(third);
    REQUIRE(log.size() == 5);
    REQUIRE(decoded(log[0]).opening);
    CHECK(decoded(log[0]).opening->number == 1);
    CHECK(decoded(log[0]).opening->region == "eu");
    CHECK_FALSE(decoded(log[1]).opening);
    REQUIRE(decoded(log[2]).opening);
    CHECK(decoded(log[2]).opening->number == 2);
    CHECK(decoded(log[2]).opening->previous == 0);
    REQUIRE(decoded(log[3]).opening);
    CHECK(decoded(log[3]).opening->previous == 1);
    CHECK_FALSE(decoded(log[4]).opening);
  }

  TEST_CASE("a batch that does not continue the chain is not applied, and told of once") {
    Node writer("eu", 1);
    put(writer, "a", "1");
    put(writer, "a", "2");
    const std::vector<std::string> log = log_of(writer);
    core::Batch forged = decoded(log[1]);
    forged.previous[0] ^= 1U;
    Node reader("us", 2);
    greet(reader, writer);
    hand_over(reader, log[0]);
    reader.replica().effects().clear();
    for (int i = 0; i < 3; ++i) hand_over(reader, core::encode_batch(forged));
    CHECK(count<regions::Alarm>(reader.replica().effects()) == 1);
    CHECK(reader.vector().at(1) == 1);
    CHECK(get(reader, "a") == "1");
    hand_over(reader, log[1]);
    CHECK(get(reader, "a") == "1");  // Not from this peer, until it shows the history that is here.
    reader.replica().step(kLink,
                          regions::Greeting{regions::Greeting::kProtocol,
                                            {1, 1},
                                            "eu",
                                            writer.origin(),
                                            5,
                                            {{1, 1}},
                                            {*reader.replica().state().chains().at(1, 1)}},
                          0);
    hand_over(reader, log[1]);
    CHECK(get(reader, "a") == "2");
  }

  TEST_CASE("ops that refer to what their leader cannot have seen are not applied") {
    Node writer("eu", 1);
    put(writer, "a", "1");
    const core::Batch honest = decoded(log_of(writer)[0]);
    const std::vector<core::ObservedSlot> unseen = {{7, 1, 5, 3}};
    const std::vector<core::Op> forgeries = {
        core::Put{row_of("a"), "2", {}, core::VersionVector{{7, 5}}},
        core::Remove{row_of("a"), core::VersionVector{{7, 5}}},
        core::Reset{row_of("a"), unseen},
        core::Clear{row_of("a"), {{row_of("a"), unseen}}},
    };
    for (const core::Op& forgery : forgeries) {
      core::Batch forged = honest;
      const core::Op first = forged.transactions.front().ops.front();
      forged.transactions.front().ops = {first, forgery};  // One is enough, wherever it stands.
      CHECK_FALSE(regions::refers_to_what_was_seen(forged, {}));
      CHECK(regions::refers_to_what_was_seen(forged, {{7, 5}}));
      forged.transactions.front().ops = {forgery};
      Node reader("us", 2);
      greet(reader, writer);
      hand_over(reader, core::encode_batch(forged));
      CHECK(count<regions::Alarm>(reader.replica().effects()) == 1);
      CHECK(reader.vector().at(1) == 0);
      forged.deps_changed = {{7, 5}};  // Seen by its leader: to be applied after it.
      hand_over(reader, core::encode_batch(forged));
      CHECK(reader.replica().inbox().held().size() == 1);
    }
  }

  TEST_CASE("a copied directory that writes on is noticed, and does not block the first one") {
    Node writer("eu", 1);
    put(writer, "a", "1");
    Node copy("eu", 9, writer.storage().clone());
    copy.write(1000, [&](Group& group) {
      for (int i = 0; i < 5; ++i) group.put(row_of("a"), "copy");
    });
    put(writer, "a", "2");
    Node reader("us", 2);
    greet(reader, writer);
    for (const std::string& bytes : log_of(writer)) hand_over(reader, bytes);
    reader.replica().effects().clear();
    Node other("ap", 3);
    constexpr regions::LinkId kOtherLink = 98;
    reader.replica().link_up(kOtherLink, {}, 0);
    reader.replica().step(
        kOtherLink,
        regions::Greeting{
            regions::Greeting::kProtocol, {1, 1}, "ap", other.origin(), 5, copy.vector()},
        0);
    for (int i = 0; i < 2; ++i) {
      for (const std::string& bytes : log_of(copy)) {
        reader.replica().step(kOtherLink, regions::BatchMessage{0, bytes}, 0);
        REQUIRE(reader.replica().apply(0).ok());
      }
    }
    CHECK(count<regions::Alarm>(reader.replica().effects()) == 1);
    CHECK(reader.replica().exchange().forks().any());
    CHECK(reader.replica().inbox().held().size() == 0);
    put(writer, "a", "3");
    hand_over(reader, log_of(writer).back());
    CHECK(get(reader, "a") == "3");
  }

  TEST_CASE("a leader whose peer has more of its origin goes on under a new one and gets it back") {
    Node before("eu", 1);
    put(before, "a", "1");
    Node restored("eu", 9, before.storage().clone());
    put(before, "a", "2");
    Node peer("us", 2);
    greet(restored, peer);
    for (int i = 0; i < 2; ++i) hand_over(restored, log_of(before).back());
    CHECK(count<regions::Notice>(restored.replica().effects()) == 1);
    CHECK(restored.origin() == 9);
    CHECK(restored.replica().identity().previous == 1);
    CHECK(restored.vector().at(1) == 2);
    CHECK(get(restored, "a") == "2");
    hand_over(restored, log_of(before).front());
    CHECK(restored.replica().inbox().held().size() == 0);
    put(restored, "a", "3");
    const core::Batch batch = decoded(log_of(restored).back());
    CHECK(batch.origin == 9);
    CHECK(batch.first() == 1);
    REQUIRE(batch.opening);
    CHECK(batch.opening->previous == 1);
    CHECK(batch.deps_changed == core::VersionVector{{1, 2}});
  }

  TEST_CASE("bytes that are no batch have their sender rejected") {
    Node writer("eu", 1);
    put(writer, "a", "1");
    Node reader("us", 2);
    greet(reader, writer);
    std::string bytes = log_of(writer).front();
    bytes.resize(bytes.size() - 1);
    hand_over(reader, bytes);
    REQUIRE(reader.replica().effects().size() == 1);
    const auto* reject = std::get_if<regions::Reject>(&reader.replica().effects().front());
    REQUIRE(reject != nullptr);
    CHECK(reject->link == kLink);
    CHECK(reject->why == regions::kUnreadable);
    CHECK(reader.vector().empty());
  }

  TEST_CASE("batches on a link that nobody has greeted on are ignored") {
    Node writer("eu", 1);
    put(writer, "a", "1");
    Node reader("us", 2);
    reader.replica().link_up(kLink, {}, 0);
    hand_over(reader, log_of(writer).front());
    CHECK(reader.vector().empty());
    CHECK(reader.replica().inbox().held().size() == 0);
  }

  TEST_CASE("while what has come waits for room on the disk nothing is asked for again") {
    Node writer("us", 2);
    put(writer, "a", "1");
    regions::ReplicaOptions options{.mesh = {1, 1}, .region = "eu", .fresh_origin = 1, .nonce = 1};
    options.limits.reserve_bytes = std::uint64_t{64} << 20U;
    Node reader(options, nullptr, 1'000);
    greet(reader, writer);
    reader.storage().set_faults({.room = {.outside = 0, .inside = 0}});
    hand_over(reader, log_of(writer).front());
    REQUIRE(reader.replica().inbox().out_of_space());
    CHECK(get(reader, "a").empty());
    std::size_t asked = 0;
    for (core::Millis now = 0; now <= 30'000; now += 500) {
      reader.replica().effects().clear();
      reader.replica().tick(now);
      REQUIRE(reader.replica().apply(now).ok());
      for (const regions::Effect& effect : reader.replica().effects()) {
        const auto* const send = std::get_if<regions::Send>(&effect);
        if (send == nullptr) continue;
        asked += std::holds_alternative<regions::Subscribe>(send->message) ? 1 : 0;
      }
    }
    CHECK(asked == 0);
    reader.storage().set_faults({});
    REQUIRE(reader.replica().apply(30'000).ok());
    CHECK(get(reader, "a") == "1");
  }

  TEST_CASE("timestamps never go back, whatever the clock does between openings") {
    Node node("eu", 1);
    put(node, "a", "1", 5000);
    const core::Hlc first = decoded(log_of(node).back()).transactions[0].hlc;
    Node again("eu", 2, node.storage().clone());
    put(again, "a", "2", 10);
    put(again, "a", "3", 9);
    const std::vector<std::string> log = log_of(again);
    const core::Hlc second = decoded(log[1]).transactions[0].hlc;
    CHECK(first < second);
    CHECK(second < decoded(log[2]).transactions[0].hlc);
  }

  TEST_CASE("who greets as another region than its key proves is refused once and counted") {
    Node eu("eu", 1);
    Node us("us", 2);
    put(us, "a", "1");
    const core::Hash128 mesh = us.replica().identity().mesh;
    eu.replica().link_up(kLink, {}, 0, "ap");
    for (int i = 0; i < 2; ++i) {
      eu.replica().step(
          kLink, regions::Greeting{regions::Greeting::kProtocol, mesh, "us", us.origin(), 5, {}},
          0);
    }
    CHECK(count<regions::Alarm>(eu.replica().effects()) == 1);
    CHECK(eu.replica().exchange().links().refused_greetings() == 1);
    CHECK(eu.replica().exchange().peers().empty());
    hand_over(eu, log_of(us).front());
    CHECK(eu.vector().empty());
    eu.replica().step(
        kLink, regions::Greeting{regions::Greeting::kProtocol, mesh, "ap", us.origin(), 5, {}}, 0);
    CHECK(eu.replica().exchange().peers().size() == 1);
  }

  TEST_CASE("a foreign clock that is far ahead is not followed, not even by opening again") {
    Node wild("us", 2);
    put(wild, "a", "1", core::Millis{1} << 40);
    core::ManualClock clock(1000);
    storage::MemoryStorage storage;
    auto opened = open(storage, clock, "eu");
    REQUIRE(opened.ok());
    regions::Replica& replica = *opened.value();
    const regions::Identity& sender = wild.replica().identity();
    replica.link_up(kLink, {}, 0);
    replica.step(kLink,
                 regions::Greeting{regions::Greeting::kProtocol, sender.mesh, "us", sender.origin,
                                   5, wild.vector()},
                 0);
    replica.step(kLink, regions::BatchMessage{0, log_of(wild).front()}, 0);
    REQUIRE(replica.apply(0).ok());
    REQUIRE(replica.applied().vector().at(2) == 1);
    const auto copy = storage.clone();
    const auto again = open(*copy, clock, "eu");
    REQUIRE(again.ok());
    test::write(*again.value(), [&](Group& group) { group.put(row_of("b"), "1"); });
    REQUIRE(again.value()->commit().ok());
    const auto record = copy->read_log(copy->last_position());
    REQUIRE(record);
    CHECK(decoded(record->bytes).transactions[0].hlc.millis() <=
          1000 + core::HybridClock::kDriftMaxMs + 1);
  }

  TEST_CASE("every delivery shows whole transactions only") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    Node writers[] = {Node("eu", 3), Node("us", 2)};
    std::vector<std::pair<Node*, std::string>> batches;
    for (int i = 1; i <= 60; ++i) {
      Node& writer = writers[random.below(2)];
      Node& other = &writer == writers ? writers[1] : writers[0];
      for (std::size_t transactions = random.below(3) + 1; transactions > 0; --transactions) {
        writer.clock().set(1000 + i);
        test::write(writer.replica(), [&](Group& group) {
          const std::string value = std::to_string(random.bits());
          for (const char* key : {"x", "y", "z"}) {
            if (random.chance(0.2)) group.put(row_of(key), "overwritten at once");
            group.put(row_of(key), value);
          }
        });
      }
      REQUIRE(writer.replica().commit().ok());
      batches.emplace_back(&writer, log_of(writer).back());
      if (random.chance(0.5)) other.deliver(writer, batches.back().second);
    }
    for (int run = 0; run < 20; ++run) {
      for (std::size_t i = batches.size(); i > 1; --i) {
        std::swap(batches[i - 1], batches[random.below(i)]);
      }
      Node reader("ap", 1);
      for (const auto& [from, bytes] : batches) {
        reader.deliver(*from, bytes);
        const auto rows = reader.replica().reader();
        const auto values = [&](const char* key) {
          std::vector<std::string> all;
          for (const auto& each : rows->row(row_of(key)).cell.siblings) all.push_back(each.value);
          std::ranges::sort(all);
          return all;
        };
        REQUIRE(values("x") == values("y"));
        REQUIRE(values("x") == values("z"));
      }
      REQUIRE(reader.replica().inbox().held().size() == 0);
    }
  }

  TEST_CASE("what a batch depends on is told as changes, over reopenings as well") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    std::vector<std::unique_ptr<Node>> nodes;
    for (core::Origin origin = 1; origin <= 4; ++origin) {
      nodes.push_back(std::make_unique<Node>("r" + std::to_string(origin), origin));
    }
    std::map<core::Origin, core::VersionVector> deps;  // As told by the batches so far.
    for (int step = 0; step < 300; ++step) {
      const std::size_t at = random.below(nodes.size());
      auto& node = nodes[at];
      if (random.chance(0.2)) {
        node = std::make_unique<Node>("r" + std::to_string(at + 1), 77, node->storage().clone());
      } else if (random.chance(0.5)) {
        Node& from = *nodes[(at + random.below(nodes.size() - 1) + 1) % nodes.size()];
        for (const std::string& bytes : log_of(from)) node->deliver(from, bytes);
      } else {
        const core::VersionVector before = node->vector();
        put(*node, "k", "v");
        const core::Batch batch = decoded(log_of(*node).back());
        for (const auto& [origin, seq] : batch.deps_changed) {
          REQUIRE(deps[node->origin()].at(origin) != seq);
        }
        deps[node->origin()].join(batch.deps_changed);
        core::VersionVector others = before;
        others.set(node->origin(), 0);
        REQUIRE(deps[node->origin()] == others);
        others.set(node->origin(), batch.last());
        REQUIRE(node->replica().applied().head(node->origin()).deps == others);
      }
    }
  }

  TEST_CASE("a stored row that cannot be read closes the replica and throws nothing") {
    Node writer("eu", 1);
    writer.write(1000, [&](Group& group) { group.add(row_of("a"), 5); });
    Node reader("us", 2);
    reader.deliver(writer, log_of(writer)[0]);
    reader.write(1000, [&](Group& group) { group.reset(row_of("a")); });
    const storage::Change damage{storage::Table::kRows, core::row_key(row_of("a")), "\xff"};
    REQUIRE(reader.storage().commit({}, {damage}).ok());
    const auto collected = reader.replica().background().collect();
    REQUIRE_FALSE(collected.ok());
    CHECK(collected.failure().code == ErrorCode::kCorrupt);
    CHECK(reader.replica().broken());
  }

  TEST_CASE("dead slots are dropped once their origin has shown to know of the reset") {
    Node adder("eu", 1);
    Node resetter("us", 2);
    adder.write(1, [](Group& group) { group.add(row_of("n"), 5); });
    resetter.deliver(adder, log_of(adder)[0]);
    resetter.write(2, [](Group& group) { group.reset(row_of("n")); });
    const auto slots = [&] {
      return resetter.replica().reader()->row(row_of("n")).tally.slots.size();
    };
    REQUIRE(resetter.replica().background().collect().ok());
    CHECK(slots() == 1);
    adder.deliver(resetter, log_of(resetter)[1]);
    put(adder, "other", "v");
    resetter.deliver(adder, log_of(adder).back());
    CHECK(slots() == 1);
    REQUIRE(resetter.replica().background().collect().ok());
    CHECK(slots() == 0);
    CHECK(adder.digest() == resetter.digest());
  }
}

}  // namespace anabranch::replica_test
