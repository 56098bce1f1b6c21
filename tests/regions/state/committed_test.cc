// The gate to the disk: what is in a commit, and what happens when one fails.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "regions/state/committed.h"
#include "storage/memory_storage.h"

namespace anabranch::committed_test {

using core::Path;
using regions::Commit;
using regions::CommittedState;

namespace {

constexpr core::Origin kEu = 7;

std::optional<std::string> meta(const storage::Storage& storage, std::string_view key) {
  const auto snapshot = storage.snapshot();
  const auto value = snapshot->get(storage::Table::kMeta, key);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

regions::Head head(core::Seq seq, core::Hlc hlc) {
  regions::Head head;
  head.seq = seq;
  head.hlc = hlc;
  return head;
}

// Has one row to store whenever it is set.
struct Part final : regions::Participant {
  std::string key;
  std::string value;
  int commits = 0;

  explicit Part(std::string row) : key(std::move(row)) {}
  void record(Commit& commit) override {
    if (value.empty()) return;
    commit.changes.set(storage::Table::kMeta, key, std::exchange(value, {}));
  }
  void committed(const Commit& /*commit*/) override { ++commits; }
};

struct CommittedWorld {
  storage::MemoryStorage storage;
  core::ManualClock clock{1000};
  CommittedState state{storage, {}};
  Part one{"one"};
  Part other{"other"};

  CommittedWorld() {
    REQUIRE(state.open_storage().ok());
    REQUIRE_FALSE(state.load().value());
    REQUIRE(state.load_scores(nullptr, 1).ok());
    state.identity() = {.mesh = {1, 1}, .region = "eu", .origin = kEu};
    state.join(one);
    state.join(other);
    state.start_clock(clock, {}, 1000);
  }
  // Commits a value at a path, without a record of the log.
  core::Result<void> put(const std::string& key) {
    return state.change_rows([&](rows::Stage& stage) {
      stage.edit(Path{"\1", key, "s"}, [&](crdt::Row& row) {
        row.cell.add({.dot = {kEu, 1}, .hlc = core::Hlc::of(5, 0), .value = key, .base = {}});
      });
      state.applied().name(kEu);
      return state.commit({.stage = &stage});
    });
  }
};

}  // namespace

TEST_SUITE("regions: the gate to the disk") {
  TEST_CASE("each part is asked at each commit, and all that they record is in that one") {
    CommittedWorld world;
    world.one.value = "a";
    world.other.value = "b";
    REQUIRE(world.state.commit({}).ok());
    CHECK(meta(world.storage, "one") == "a");
    CHECK(meta(world.storage, "other") == "b");
    world.other.value = "c";
    REQUIRE(world.put("k").ok());
    CHECK(meta(world.storage, "other") == "c");
    CHECK(world.one.commits == 2);
    CHECK(world.state.digests().rows() == 1);
    CHECK(world.state.reader()->row(Path{"\1", "k", "s"}).cell.siblings.size() == 1);
  }

  TEST_CASE("after a failed commit nothing more is written, and readers are told of nothing") {
    CommittedWorld world;
    world.storage.set_faults({.fail_commit = 1});
    world.state.applied().set_head(kEu, head(3, {}));
    world.one.value = "a";
    const auto failed = world.put("k");
    REQUIRE_FALSE(failed.ok());
    REQUIRE(world.state.broken());
    CHECK(world.state.broken()->message == failed.failure().message);
    CHECK(world.state.names().vectors().announced()->at(kEu) == 0);
    CHECK(world.one.commits == 0);
    world.one.value = "b";
    CHECK_FALSE(world.state.commit({}).ok());
    CHECK(world.one.value == "b");  // It was not even asked.
    CHECK_FALSE(world.state.trim(1).ok());
    CHECK_FALSE(world.state.clear_next().ok());
    CHECK(meta(world.storage, "one") == std::nullopt);
  }

  TEST_CASE("the first failure stays, and rows that cannot be read are one") {
    CommittedWorld world;
    const auto read = world.state.reading(
        []() -> core::Result<void> { throw Error(ErrorCode::kCorrupt, "a row is damaged"); });
    REQUIRE_FALSE(read.ok());
    CHECK(world.state.fail(core::invalid("later")).message == "a row is damaged");
    CHECK(world.put("k").failure().message == "a row is damaged");
  }

  TEST_CASE("the mark of the clock is stored with rows, or when it is asked for") {
    CommittedWorld world;
    (void)world.state.clock()->now();
    REQUIRE(world.state.commit({}).ok());
    CHECK(meta(world.storage, storage::kClockKey) == std::nullopt);
    REQUIRE(world.put("k").ok());
    const auto mark = meta(world.storage, storage::kClockKey);
    REQUIRE(mark);
    CHECK(storage::from_big_endian(*mark) == world.state.clock()->high_water().bits);
    CHECK(world.state.stored_clock() == world.state.clock()->high_water());
    REQUIRE(world.state.commit_clock().ok());
    CHECK(meta(world.storage, storage::kClockKey) > mark);
  }

  TEST_CASE("a clock that starts is ahead of all that is applied, wherever the wall clock is") {
    CommittedWorld world;
    const core::Hlc newest = core::Hlc::of(world.clock.now_ms() + 500, 0);
    world.state.applied().set_head(kEu, head(3, newest));
    world.state.start_clock(world.clock, {}, 1000);
    CHECK(world.state.clock()->now() > newest);
  }

  TEST_CASE("a swap carries the rows of meta and tells readers that it has jumped") {
    CommittedWorld world;
    REQUIRE(world.put("old").ok());
    const std::uint64_t jumps = world.state.names().vectors().jumps();
    world.state.applied().set_head(kEu, head(9, core::Hlc::of(1500, 0)));
    world.one.value = "a";
    REQUIRE(world.state.commit({.swap = true}).ok());
    CHECK(meta(world.storage, "one") == "a");
    CHECK(world.state.reader()->row(Path{"\1", "old", "s"}).cell.siblings.empty());
    CHECK(world.state.names().vectors().announced()->at(kEu) == 9);
    CHECK(world.state.names().vectors().jumps() == jumps + 1);
    CHECK(world.state.clock()->high_water().millis() >= 1500);
  }

  TEST_CASE("a batch names only the deps that are new, and has those of the batch before it too") {
    CommittedWorld world;
    regions::Head before = head(4, {});
    before.deps = {{2, 9}, {3, 5}};
    world.state.applied().set_head(1, before);
    core::Batch batch;
    batch.origin = 1;
    batch.deps_changed = {{2, 10}};
    CHECK(world.state.deps_of(batch) == core::VersionVector{{2, 10}, {3, 5}});
  }
}

}  // namespace anabranch::committed_test
