// The producing side of a subscription: windows, order, and logs that no longer have everything.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/batch.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/exchange/out_stream.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::out_stream_test {

using core::VersionVector;
using regions::BatchMessage;
using regions::OutStream;
using regions::Subscribe;

namespace {

// Shows records of any bytes as they are.
struct RawLog final : regions::LogReader {
  const storage::Storage& storage;

  storage::Position damaged = 0;  // This record is not shown.
  mutable int reads = 0;          // Of records, also to find one.

  explicit RawLog(const storage::Storage& all) : storage(all) {}
  [[nodiscard]] std::optional<storage::StoredRecord> read_log(
      storage::Position position) const override {
    ++reads;
    auto record = storage.read_log(position);
    return record && record->position == damaged ? storage.read_log(damaged + 1) : record;
  }
  [[nodiscard]] std::optional<storage::Position> find(core::Origin origin,
                                                      core::Seq seq) const override {
    ++reads;
    return storage.find(origin, seq);
  }
  [[nodiscard]] std::optional<regions::RecordEnds> ends(
      core::Origin /*origin*/, core::Seq /*seq*/, regions::Wanted /*wanted*/,
      regions::ReadAllowance* /*allowance*/) const override {
    return std::nullopt;  // No stream asks.
  }
  [[nodiscard]] bool lacks(storage::Position from, storage::Position to) const override {
    const auto passed = from < to ? storage.read_log(from) : std::nullopt;
    const auto oldest = storage.read_log(0);
    return from < to && ((passed && passed->position < to) || !oldest || oldest->position > from);
  }
  [[nodiscard]] storage::Position last_position() const override { return storage.last_position(); }
  [[nodiscard]] storage::Position durable_position() const override {
    return storage.durable_position();
  }
};

struct LogWorld {
  storage::MemoryStorage log;
  RawLog raw{log};
  VersionVector applied;
  OutStream out;
  std::vector<std::string> sent;

  LogWorld() { REQUIRE(log.open().ok()); }

  void append(core::Origin origin, core::Seq first, core::Seq last, const std::string& bytes) {
    const storage::LogRecord record{origin, first, last, bytes};
    REQUIRE(log.commit({&record, 1}, {}).ok());
    applied.raise(origin, last);
  }
  // The batches sent now, including those that may be sent before they are durable.
  std::vector<std::string> pump(bool at_once = false) {
    std::vector<std::string> now;
    const storage::Position end = at_once ? log.last_position() : log.durable_position();
    out.pump(raw, end, applied, [&](BatchMessage batch) {
      now.push_back(batch.bytes);
      sent.push_back(std::move(batch.bytes));
    });
    return now;
  }
};

using Sent = std::vector<std::string>;

core::Batch batch_of(core::Origin origin, core::Seq seq, VersionVector deps) {
  core::Batch batch;
  batch.origin = origin;
  batch.deps_changed = std::move(deps);
  batch.transactions.push_back({seq, core::Hlc::of(1, 0), {core::Remove{core::Path{"k"}, {}}}});
  return batch;
}

}  // namespace

TEST_SUITE("regions: out stream") {
  TEST_CASE("only the origins and seqs that are wanted are sent, in the order of the log") {
    LogWorld world;
    world.append(1, 1, 2, "1a");
    world.append(2, 1, 1, "2a");
    world.append(3, 1, 1, "3a");
    world.append(1, 3, 3, "1b");
    world.append(2, 2, 2, "2b");
    world.out.subscribe({1, 1000, {{1, 3}, {2, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"2a", "1b", "2b"});
    CHECK(world.pump().empty());
    world.append(3, 2, 2, "3b");
    world.append(1, 4, 4, "1c");
    CHECK(world.out.ops_sent() == 3);
    CHECK(world.pump() == Sent{"1c"});
    CHECK(world.out.trimmed().empty());
    CHECK(world.out.ops_sent() == 4);
  }

  TEST_CASE("a stream begins behind the only batch that is on its way, and no more often than so") {
    LogWorld world;
    world.append(1, 1, 3, "large");
    const auto ask = [&](std::uint64_t stream, core::Seq from, bool leaving) {
      world.out.subscribe({stream, 1000, {{1, from}, {2, 1}}}, world.raw, world.applied, leaving);
      return world.pump();
    };
    CHECK(ask(1, 1, false) == Sent{"large"});
    CHECK(ask(2, 1, true).empty());
    CHECK(world.out.begins_behind());
    world.append(2, 1, 1, "other");
    CHECK(ask(3, 1, true) == Sent{"other"});  // It has not left yet, and is not sent again.
    CHECK(ask(4, 1, true) == Sent{"large", "other"});
    CHECK_FALSE(world.out.begins_behind());
    CHECK(ask(5, 1, true) == Sent{"large", "other"});  // There were two.
    CHECK(ask(6, 4, true) == Sent{"other"});           // The consumer has it.
    world.append(1, 4, 4, "last");
    CHECK(ask(7, 4, false) == Sent{"other", "last"});
  }

  TEST_CASE("a consumer that lacks the batch that was on its way gets it in the end") {
    LogWorld world;
    world.append(1, 1, 1, "large");
    std::size_t sent = 0;
    for (std::uint64_t stream = 1; stream <= 10; ++stream) {
      world.out.subscribe({stream, 1000, {{1, 1}}}, world.raw, world.applied, true);
      sent += world.pump().size();
    }
    CHECK(sent == 3);
  }

  TEST_CASE("nothing is sent beyond the end that is durable") {
    LogWorld world;
    world.append(1, 1, 1, "a");
    world.append(1, 2, 2, "b");
    world.out.subscribe({1, 1000, {{1, 1}}}, world.raw, world.applied);
    Sent now;
    world.out.pump(world.raw, 1, world.applied,
                   [&](BatchMessage batch) { now.push_back(batch.bytes); });
    CHECK(now == Sent{"a"});
    CHECK(world.pump() == Sent{"b"});
  }

  TEST_CASE("the end of the log is known without reading it") {
    LogWorld world;
    world.append(1, 1, 9, std::string(1000, 'b'));
    world.append(2, 1, 1, "b");
    for (std::uint64_t stream = 1; stream <= 5; ++stream) {
      world.out.subscribe({stream, 1, {{1, 10}, {2, 2}, {3, 1}}}, world.raw, world.applied);
      CHECK(world.pump().empty());
    }
    CHECK(world.raw.reads == 0);
    CHECK(world.out.bytes_read() == 0);
    world.out.subscribe({6, 1, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.out.bytes_read() == 1000);
  }

  TEST_CASE("a batch that has no room is read once, and sent when there is some") {
    LogWorld world;
    world.append(1, 1, 1, "a");
    world.append(1, 2, 2, std::string(1000, 'b'));
    world.append(1, 3, 3, "c");
    world.out.subscribe({1, 1U << 20U, {{1, 1}}}, world.raw, world.applied);
    std::uint64_t room = 10;
    std::size_t sent = 0;
    const auto pump = [&] {
      world.out.pump(
          world.raw, world.log.durable_position(), world.applied, [&](const auto&) { ++sent; },
          [&](std::uint64_t bytes) { return bytes <= room; });
    };
    pump();
    CHECK(sent == 1);
    const int reads = world.raw.reads;
    for (int i = 0; i < 10; ++i) pump();
    CHECK(world.raw.reads == reads);
    room = 1000;
    pump();
    CHECK(sent == 3);
  }

  TEST_CASE("batches that nobody wants are passed over by a search") {
    LogWorld world;
    world.append(1, 1, 1, "a");
    for (core::Seq seq = 1; seq <= 20'000; ++seq) world.append(2, seq, seq, std::string(1000, 'b'));
    world.append(1, 2, 2, "c");
    world.out.subscribe({1, 1000, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"a"});
    REQUIRE(world.out.goes_on());
    CHECK(world.raw.reads < 5000);
    CHECK(world.pump().empty());  // A slice without any of them...
    REQUIRE(world.out.goes_on());
    CHECK(world.pump() == Sent{"c"});  // ...and they are searched for.
    CHECK_FALSE(world.out.goes_on());
    CHECK(world.raw.reads < 10'000);
    world.append(1, 3, 3, "d");
    CHECK(world.pump() == Sent{"d"});
  }

  TEST_CASE("a stream of many origins begins, and passes over others, in slices") {
    constexpr core::Origin kOrigins = 1000;
    LogWorld world;
    Sent all;
    Subscribe wanted{1, 1U << 20U, {}};
    for (core::Origin origin = kOrigins; origin > 0; --origin) {
      world.append(origin, 1, 1, std::to_string(origin));
      for (core::Seq seq = 1; seq <= 20; ++seq) {
        world.append(kOrigins + 1, (kOrigins - origin) * 20 + seq, (kOrigins - origin) * 20 + seq,
                     std::string(1000, 'b'));
      }
      wanted.from.set(origin, 1);
      all.push_back(std::to_string(origin));
    }
    int reads = world.raw.reads;
    int longest = 0;
    const auto note = [&] {
      longest = std::max(longest, world.raw.reads - reads);
      reads = world.raw.reads;
    };
    world.out.subscribe(wanted, world.raw, world.applied);
    note();
    int pumps = 0;
    for (bool more = true; more; more = world.out.goes_on(), ++pumps) {
      world.pump();
      note();
    }
    CHECK(world.sent == all);
    CHECK(pumps > 10);
    CHECK(longest <= 2500);
    CHECK(world.out.trimmed().empty());
  }

  TEST_CASE("an origin that is not in the log is told, whichever slice finds it out") {
    LogWorld world;
    Subscribe wanted{1, 1U << 20U, {}};
    for (core::Origin origin = 1; origin <= 200; ++origin) {
      world.append(origin, 1, 1, "a");
      wanted.from.set(origin, 1);
    }
    world.applied.raise(201, 5);  // Merged from a snapshot.
    wanted.from.set(201, 3);
    world.out.subscribe(wanted, world.raw, world.applied);
    REQUIRE(world.out.goes_on());
    CHECK(world.out.serves(201));
    while (world.out.goes_on()) world.pump();
    CHECK(world.sent.size() == 200);
    CHECK(world.out.trimmed() == VersionVector{{201, 6}});
    CHECK_FALSE(world.out.serves(201));
  }

  TEST_CASE("no more than the window is under way") {
    LogWorld world;
    for (core::Seq seq = 1; seq <= 5; ++seq) world.append(1, seq, seq, std::string(40, 'b'));
    world.out.subscribe({1, 100, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump().size() == 2);
    CHECK(world.out.bytes_under_way() == 80);
    CHECK(world.pump().empty());
    world.out.acknowledge({1, 40, {}, {}});
    CHECK(world.out.bytes_under_way() == 40);
    CHECK(world.pump().size() == 1);
    world.out.acknowledge({1, 40, {}, {}});
    CHECK(world.pump().empty());
    world.out.acknowledge({1, 120, {}, {}});
    CHECK(world.pump().size() == 2);
    CHECK(world.out.bytes_under_way() == 80);
  }

  TEST_CASE("one batch larger than the window is sent when nothing is under way") {
    LogWorld world;
    world.append(1, 1, 1, "small");
    world.append(1, 2, 2, std::string(500, 'L'));
    world.append(1, 3, 3, "small");
    world.out.subscribe({1, 100, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"small"});
    world.out.acknowledge({1, 5, {}, {}});
    CHECK(world.pump() == Sent{std::string(500, 'L')});
    CHECK(world.pump().empty());
    world.out.acknowledge({1, 505, {}, {}});
    CHECK(world.pump() == Sent{"small"});
  }

  TEST_CASE("acks of other streams and of bytes never sent count for nothing") {
    LogWorld world;
    for (core::Seq seq = 1; seq <= 4; ++seq) world.append(1, seq, seq, std::string(40, 'b'));
    world.out.subscribe({7, 40, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump().size() == 1);
    world.out.acknowledge({6, 40, {}, {}});
    world.out.acknowledge({8, 40, {}, {}});
    CHECK(world.pump().empty());
    world.out.acknowledge({7, 1'000'000, {}, {}});
    CHECK(world.pump().size() == 1);
    world.out.acknowledge({7, 0, {}, {}});
    CHECK(world.pump().empty());
  }

  TEST_CASE("a new subscription starts anew where it says") {
    LogWorld world;
    for (core::Seq seq = 1; seq <= 4; ++seq) world.append(1, seq, seq, std::to_string(seq));
    world.out.subscribe({1, 2, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"1", "2"});
    world.out.subscribe({2, 2, {{1, 2}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"2", "3"});
    world.out.acknowledge({2, 2, {}, {}});
    CHECK(world.pump() == Sent{"4"});
    world.out.cancel();
    world.append(1, 5, 5, "5");
    CHECK(world.pump().empty());
  }

  TEST_CASE("an older or repeated subscription that arrives late changes nothing") {
    LogWorld world;
    for (core::Seq seq = 1; seq <= 3; ++seq) world.append(1, seq, seq, std::to_string(seq));
    world.out.subscribe({5, 100, {{1, 2}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"2", "3"});
    world.out.subscribe({5, 100, {{1, 2}}}, world.raw, world.applied);
    world.out.subscribe({4, 100, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump().empty());
  }

  TEST_CASE("an origin whose next batch is no longer in the log is noted and left out") {
    LogWorld world;
    world.append(1, 1, 1, "1a");
    world.append(2, 1, 1, "2a");
    world.append(1, 2, 2, "1b");
    world.append(2, 2, 2, "2b");
    REQUIRE(world.log.trim(3).ok());
    world.out.subscribe({1, 100, {{1, 1}, {2, 2}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"2b"});
    CHECK(world.out.trimmed() == core::VersionVector{{1, 2}});
    world.out.subscribe({2, 100, {{1, 2}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"1b"});
    CHECK(world.out.trimmed().empty());
  }

  TEST_CASE("a log that ends before what was merged says so when it has served its end") {
    LogWorld world;
    world.append(1, 1, 1, "1a");
    world.append(2, 1, 1, "2a");
    world.applied.raise(1, 5);  // By a snapshot.
    world.out.subscribe({1, 2, {{1, 1}, {2, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"1a"});
    CHECK(world.out.trimmed().empty());  // The window is full: more may come.
    world.out.acknowledge({1, 2, {}, {}});
    CHECK(world.pump() == Sent{"2a"});
    CHECK(world.out.trimmed() == core::VersionVector{{1, 6}});
    CHECK_FALSE(world.out.serves(1));
    CHECK(world.out.serves(2));
  }

  // Serving origin by origin under one window would stop here: each batch depends on one of another
  // origin, so a consumer that lacks everything can apply the batches in one order only.
  TEST_CASE("a log with holes is served to its end, also through a small window") {
    LogWorld world;
    REQUIRE(
        world.log
            .append(std::vector<storage::StoredRecord>{
                {5, 1, 1, 1, "1a"}, {20, 2, 1, 1, "2a"}, {40, 1, 2, 2, "1b"}, {41, 3, 1, 1, "3a"}})
            .ok());
    REQUIRE(world.log.go_on_behind(60).ok());
    world.applied = {{1, 2}, {2, 1}, {3, 1}};
    world.out.subscribe({1, 2, {{1, 1}, {2, 1}, {3, 1}}}, world.raw, world.applied);
    for (std::uint64_t taken = 0; taken <= 8; taken += 2) {
      (void)world.pump();
      world.out.acknowledge({1, taken, {}, {}});
    }
    CHECK(world.sent == Sent{"1a", "2a", "1b", "3a"});
    CHECK(world.out.trimmed().empty());
    world.append(2, 2, 2, "2b");
    CHECK(world.log.last_position() == 61);
    CHECK(world.pump() == Sent{"2b"});
  }

  TEST_CASE("a log ends where a snapshot was merged while the stream went on") {
    LogWorld world;
    world.append(1, 1, 1, "1a");
    world.append(2, 1, 1, "2a");
    world.out.subscribe({1, 100, {{1, 1}, {2, 1}, {3, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"1a", "2a"});
    world.applied.raise(1, 8);
    world.out.has_gap(world.raw, world.applied);
    CHECK(world.pump().empty());
    CHECK(world.out.trimmed() == core::VersionVector{{1, 9}});
    world.append(2, 2, 2, "2b");
    world.append(1, 9, 9, "1i");
    CHECK(world.pump() == Sent{"2b"});
    CHECK(world.out.trimmed() == core::VersionVector{{1, 9}});
  }

  TEST_CASE(
      "a record that is damaged while the stream goes on ends what the log has of its origin") {
    storage::Position damaged = 0;
    SUBCASE("as the last of the log") { damaged = 4; }
    SUBCASE("in the middle") { damaged = 3; }
    LogWorld world;
    world.append(1, 1, 1, "1a");
    world.out.subscribe({1, 100, {{1, 1}, {2, 1}}}, world.raw, world.applied);
    CHECK(world.pump() == Sent{"1a"});
    world.append(2, 1, 1, "2a");
    world.append(damaged == 3 ? 1 : 2, 2, 2, "?");
    world.append(damaged == 4 ? 1 : 2, 2, 2, "?");
    world.raw.damaged = damaged;
    CHECK(world.pump() == Sent{"2a", "?"});
    CHECK(world.out.trimmed() == core::VersionVector{{1, 3}});
    CHECK(world.out.serves(2));
  }

  TEST_CASE("what waits for the window goes before the end of the log is told") {
    LogWorld world;
    world.append(1, 1, 1, std::string(40, 'a'));
    world.append(1, 2, 2, std::string(40, 'b'));
    world.out.subscribe({1, 40, {{1, 1}}}, world.raw, world.applied);
    CHECK(world.pump().size() == 1);
    world.applied.raise(1, 8);
    world.out.has_gap(world.raw, world.applied);
    CHECK(world.pump().empty());
    CHECK(world.out.trimmed().empty());
    world.out.acknowledge({1, 40, {}, {}});
    CHECK(world.pump().size() == 1);
    CHECK(world.out.trimmed() == core::VersionVector{{1, 9}});
  }

  TEST_CASE("three origins that depend on each other catch up through a window of one batch") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    LogWorld world;
    VersionVector all;
    for (int i = 0; i < 60; ++i) {
      const core::Origin origin = random.below(3) + 1;
      VersionVector deps = all;
      deps.set(origin, 0);
      const core::Batch batch = batch_of(origin, all.at(origin) + 1, deps);
      all.raise(origin, batch.last());
      world.append(origin, batch.first(), batch.last(), core::encode_batch(batch));
    }
    world.out.subscribe({1, 1, {{1, 1}, {2, 1}, {3, 1}}}, world.raw, world.applied);
    regions::HoldBackQueue held;
    VersionVector applied;
    std::uint64_t taken = 0;
    for (int round = 0; round < 60; ++round) {
      const Sent now = world.pump();
      REQUIRE(now.size() == 1);
      taken += now[0].size();
      held.add({now[0], core::decode_batch(now[0]).value()}, applied);
      const auto next = held.take_deliverable(applied);
      REQUIRE(next);
      applied.raise(next->batch.origin, next->batch.last());
      world.out.acknowledge({1, taken, applied, {}});
    }
    CHECK(applied == all);
  }

  TEST_CASE(
      "of what has ended only what is on the disk is sent, even where the rest goes at once") {
    LogWorld world;
    world.log.set_faults({.durable_at_once = false});
    world.out.subscribe({1, 1'000, {{1, 1}, {2, 1}}, {}, {1}}, world.raw, world.applied);
    world.append(2, 1, 1, "2a");
    world.append(1, 1, 1, "1a");
    world.append(2, 2, 2, "2b");
    CHECK(world.pump(true) == Sent{"2a"});  // The order of the log is kept.
    world.log.sync();
    CHECK(world.pump(true) == Sent{"1a", "2b"});
    world.append(1, 2, 2, "1b");
    world.out.subscribe({2, 1'000, {{1, 2}}}, world.raw, world.applied);
    CHECK(world.pump(true) == Sent{"1b"});  // The consumer has asked for no more than that.
  }
}

}  // namespace anabranch::out_stream_test
