// A replica that has missed much: sending waits for batches that can be applied.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "regions/delivery/inbox.h"
#include "regions/exchange/subscriptions.h"
#include "regions/local_writer.h"
#include "tests/node.h"
#include "tests/regions/linked_nodes.h"
#include "tests/regions/origins.h"

namespace anabranch::catch_up_test {

using regions::BatchMessage;
using regions::Exchange;
using regions::Message;
using regions::Replica;
using test::kLink;
using test::LinkedNodes;
using test::Node;

namespace {

constexpr int kBatches = 400;
constexpr int kOpsOfBatch = 100;

// Carries the messages of one node to the other; returns the number of batches among them.
int carry(Node& from, Node& to) {
  int batches = 0;
  for (regions::Effect& effect : std::exchange(from.replica().effects(), {})) {
    auto* send = std::get_if<regions::Send>(&effect);
    if (send == nullptr) continue;
    batches += std::holds_alternative<BatchMessage>(send->message) ? 1 : 0;
    to.replica().step(kLink, std::move(send->message), 0);
  }
  return batches;
}

// A batch of rows of its own.
void write_hundred(Node& node, int batch, const std::string& value = "v") {
  node.write(batch + 1, [&](regions::Group& group) {
    for (int op = 0; op < kOpsOfBatch; ++op) {
      group.put(core::Path{"\1", std::to_string(batch * kOpsOfBatch + op), "s"}, value);
    }
  });
}

// Adds a third region to two that have written in turn, each having seen all before: a batch that
// comes through one waits for a batch that comes through the other, and no batch behind that has
// room. Returns the number of batches that the third one lacks; none of them has been sent to any
// region since.
std::uint64_t let_two_take_turns(LinkedNodes& nodes, const regions::ReplicaLimits& limits) {
  constexpr int kTurns = 20;
  constexpr int kBatchesOfTurn = 10;
  nodes.mesh(2);
  regions::ReplicaOptions options{
      .mesh = {1, 1}, .region = "r2", .fresh_origin = 3, .nonce = std::uint64_t{1} << 60U};
  options.limits = limits;
  nodes.add(std::make_unique<Node>(options, nullptr, 0));
  for (const std::size_t other : {0, 1}) nodes.connect(2, other);
  nodes.run(3'000);
  Replica& last = nodes.at(2).replica();
  for (const char* other : {"r0", "r1"}) REQUIRE(last.pause(other));
  for (int turn = 0; turn < kTurns; ++turn) {
    for (int batch = 0; batch < kBatchesOfTurn; ++batch) {
      nodes.write(turn % 2, [&](regions::Group& group) {
        group.put(core::Path{"\1", std::to_string(turn), "s"}, std::to_string(batch));
      });
    }
  }
  nodes.run(3'000);
  for (const char* other : {"r0", "r1"}) REQUIRE(last.resume(other));
  return std::uint64_t{kTurns} * kBatchesOfTurn;
}

}  // namespace

TEST_SUITE("regions: catching up") {
  TEST_CASE("what had no room is asked for again as soon as it is next, not when it is missed") {
    LinkedNodes nodes;
    regions::ReplicaLimits limits;
    limits.hold_bytes_max = limits.window_bytes = 1;
    let_two_take_turns(nodes, limits);
    CHECK(nodes.run_until_equal(5'000));
  }

  TEST_CASE("what had no room does not come with a whole window each time") {
    LinkedNodes nodes;
    regions::ReplicaLimits limits;
    limits.hold_bytes_max = 2'000;
    const std::uint64_t lacked = let_two_take_turns(nodes, limits);
    const std::uint64_t before = nodes.batches_sent();
    CHECK(nodes.run_until_equal(5'000));
    CHECK(nodes.batches_sent() - before <= lacked + lacked / 4);
  }

  TEST_CASE("a peer of which nothing can be applied yet does not send on what has no room") {
    LinkedNodes nodes;
    regions::ReplicaLimits limits;
    limits.hold_bytes_max = limits.window_bytes = 1;
    const std::uint64_t lacked = let_two_take_turns(nodes, limits);
    const std::uint64_t before = nodes.batches_sent();
    CHECK(nodes.run_until_equal(5'000));
    CHECK(nodes.batches_sent() - before <= lacked + lacked / 4);
  }

  TEST_CASE("an origin is followed through who has more, not through others of its region") {
    Node wrote("eu", 1);
    Node us("us", 9);
    write_hundred(wrote, 0);
    wrote.replica().link_up(kLink, {}, 0);
    us.replica().link_up(kLink, {}, 0);
    for (int i = 0; i < 10; ++i) {
      carry(wrote, us);
      REQUIRE(us.replica().apply(0).ok());
      carry(us, wrote);
      REQUIRE(wrote.replica().apply(0).ok());
      wrote.replica().durable(wrote.storage().durable_position(), 0);
    }
    REQUIRE(us.vector().at(1) == kOpsOfBatch);
    us.replica().link_down(kLink);
    us.replica().effects().clear();
    const auto meet = [&](core::Origin peer, const char* region, core::Seq seq) {
      us.replica().link_up(peer, {}, 0);
      us.replica().step(
          peer,
          regions::Greeting{regions::Greeting::kProtocol, {1, 1}, region, peer, peer, {{1, seq}}},
          0);
    };
    meet(2, "eu", kOpsOfBatch);
    meet(3, "eu", kOpsOfBatch);
    meet(4, "ap", core::Seq{2} * kOpsOfBatch);
    bool asked = false;
    for (core::Millis now = 0; now < 10'000; now += Exchange::kHeartbeatMs) {
      us.replica().tick(now);
      for (const regions::Effect& effect : std::exchange(us.replica().effects(), {})) {
        const auto* const send = std::get_if<regions::Send>(&effect);
        if (send == nullptr || send->link != 4) continue;
        const auto* const wanted = std::get_if<regions::Subscribe>(&send->message);
        asked = asked || (wanted != nullptr && wanted->from.at(1) > 0);
      }
    }
    CHECK(asked);
  }

  TEST_CASE("who has much to apply is sent each batch once and holds few of them") {
    regions::ReplicaOptions options{
        .mesh = {1, 1}, .region = "eu", .fresh_origin = 1, .nonce = std::uint64_t{1} << 60U};
    // Time stands still here, so no further slice would come.
    options.limits.stream_slice_bytes = std::numeric_limits<std::uint64_t>::max();
    Node producer(options, nullptr, 0);
    const std::string value(1000, 'v');  // 40 MB in all, several windows.
    for (int batch = 0; batch < kBatches; ++batch) write_hundred(producer, batch, value);
    Node consumer("us", 2);
    producer.replica().link_up(kLink, {}, 0);
    consumer.replica().link_up(kLink, {}, 0);
    int arrived = 0;
    std::size_t held_max = 0;
    for (int round = 0; round < 10 * kBatches && consumer.vector() != producer.vector(); ++round) {
      arrived += carry(producer, consumer);
      held_max = std::max(held_max, consumer.replica().inbox().held().bytes());
      REQUIRE(consumer.replica().apply(0).ok());  // One slice: ten batches.
      carry(consumer, producer);
      REQUIRE(producer.replica().apply(0).ok());
      producer.replica().durable(producer.storage().durable_position(), 0);
    }
    CHECK(consumer.vector() == producer.vector());
    CHECK(arrived == kBatches);
    CHECK(held_max <= regions::Inbox::kHeldEnoughBytes + regions::Subscriptions::kWindowBytes);
    CHECK(consumer.digest() == producer.digest());
  }

  TEST_CASE("slices are larger while nobody writes here, and small again at the first write") {
    Node producer("eu", 1);
    for (int batch = 0; batch < kBatches; ++batch) write_hundred(producer, batch);
    Node consumer("us", 2);
    producer.replica().link_up(kLink, {}, 0);
    consumer.replica().link_up(kLink, {}, 0);
    const auto arrive = [&] {
      for (int i = 0; i < 8; ++i) {
        carry(consumer, producer);
        producer.replica().durable(producer.storage().durable_position(), 0);
        carry(producer, consumer);
      }
    };
    // Ops that one slice applies.
    const auto slice = [&](core::Millis now) {
      arrive();
      const core::Seq before = consumer.vector().at(1);
      REQUIRE(consumer.replica().apply(now).ok());
      return consumer.vector().at(1) - before;
    };
    constexpr core::Millis kQuiet = regions::LocalWriter::kQuietMs;
    const core::Seq usual = regions::ReplicaLimits().slice_ops_max;
    CHECK(slice(kQuiet) == regions::LocalWriter::kQuietScale * usual);
    write_hundred(consumer, kBatches);
    CHECK(slice(2 * kQuiet) == usual);
    CHECK(slice(3 * kQuiet - 1) == usual);
    CHECK(slice(3 * kQuiet) == regions::LocalWriter::kQuietScale * usual);
  }
}

}  // namespace anabranch::catch_up_test
