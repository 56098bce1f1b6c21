// The engine over a disk that loses its power: what was acknowledged is there, and at most the
// commit that failed besides; whatever was flushed by then.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "storage/overlay/overlay_memory.h"
#include "tests/seed.h"
#include "tests/storage/storage_life.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::engine_test {
namespace {

constexpr core::Origin kWriter = 5;

// The work of the engine's thread is done by it, or by the test.
enum class Flushes { kByThread, kInSteps };

// Whether commits wait for the disk.
enum class Syncs { kEach, kLater };

std::unique_ptr<WholeStorage> open_ready(std::unique_ptr<MemoryStorage> base,
                                         std::unique_ptr<RecordedFiles> disk,
                                         const EngineOptions& options = {}) {
  auto opened = open_engine_storage(std::move(base), std::move(disk), options);
  REQUIRE(opened.ok());
  auto storage = std::move(opened).value();
  ready(*storage);
  return storage;
}

class EngineRun {
 public:
  EngineRun(std::uint64_t seed, Flushes flushes, Syncs syncs)
      : random_(seed), flushes_(flushes), syncs_(syncs) {
    auto base = std::make_unique<MemoryStorage>();
    auto disk = std::make_unique<RecordedFiles>(seed);
    open(std::move(base), std::move(disk));
  }

  // Commits until the disk fails, with the power or without, and starts again.
  void live() {
    disk_->cut_after(random_() % 200);
    if (random_() % 2 == 0) base_->set_faults({.fail_commit = 1 + random_() % 30});
    if (random_() % 2 == 0) refuse_soon();
    while (step()) {
    }
    for (const Kept& kept : kept_) check(kept);
    kept_.clear();
    const bool has_power = random_() % 4 == 0;
    const std::array survivals{Survival::kNone, Survival::kAll, Survival::kRandom};
    const Survival survival = survivals[random_() % survivals.size()];
    auto base = has_power ? base_->clone() : base_->crash();
    auto disk = has_power ? disk_->clone() : disk_->image(survival, random_());
    storage_.reset();
    const bool failed = base->place().failed;
    open(std::move(base), std::move(disk));
    using After = StorageLife::After;
    REQUIRE(life_.reopened(*storage_, has_power ? After::kProcess : After::kPower) == "");
    CHECK(storage_->place().failed == failed);
    CHECK(storage_->place().lost.empty());
  }
  [[nodiscard]] std::size_t commits() const { return life_.sure().batches.size(); }
  [[nodiscard]] std::size_t swaps() const { return life_.swaps(); }

  [[nodiscard]] std::size_t refused() const { return life_.refused(); }

 private:
  // Some call fails once, for a cause that passes.
  void refuse_soon() {
    if (random_() % 4 == 0) return base_->set_faults({.refuse = 1 + random_() % 3});
    constexpr std::array kCalls{DiskCall::kOpen,   DiskCall::kCreate, DiskCall::kRename,
                                DiskCall::kRemove, DiskCall::kSize,   DiskCall::kCheck};
    constexpr std::array kErrors{EMFILE, ENOSPC, EACCES};
    disk_->fail(kCalls[random_() % kCalls.size()], 1 + random_() % 3,
                kErrors[random_() % kErrors.size()]);
  }

  // A snapshot, and the rows that it must show however long it is kept.
  struct Kept {
    std::unique_ptr<Snapshot> snapshot;
    StoredRows rows;
    StoredRows next;
  };

  void open(std::unique_ptr<MemoryStorage> base, std::unique_ptr<RecordedFiles> disk) {
    base_ = base.get();
    disk_ = disk.get();
    const std::array<std::uint64_t, 3> limits{1, 2 * OverlayMemory::kChunkBytes / 3,
                                              2 * OverlayMemory::kChunkBytes};
    EngineOptions options{.wal = {.segment_bytes = 4096},
                          .overlay_bytes = limits[random_() % limits.size()],
                          .slice_bytes = 1 + random_() % 500,
                          .beside_min = random_() % 2 == 0 ? std::size_t{2} : SIZE_MAX};
    if (syncs_ == Syncs::kLater) options.sync_every = std::chrono::milliseconds(random_() % 20);
    stepped_ = nullptr;
    if (flushes_ == Flushes::kInSteps) {
      auto stepped = make_stepped_engine(std::move(base), std::move(disk), options);
      stepped_ = stepped.get();
      storage_ = std::move(stepped);
    } else {
      auto opened = open_engine_storage(std::move(base), std::move(disk), options);
      REQUIRE(opened.ok());
      storage_ = std::move(opened).value();
    }
    ready(*storage_);
  }

  // Returns whether it succeeded.
  bool step() {
    if (stepped_ != nullptr && random_() % 2 == 0) (void)stepped_->step();
    if (random_() % 10 == 0) keep();
    if (random_() % 30 == 0 && !storage_->sync_all().ok()) return false;
    return life_.step(*storage_);
  }

  void keep() {
    if (kept_.size() < 6)
      return kept_.push_back({storage_->snapshot(), life_.sure().rows, life_.next()});
    const std::size_t at = random_() % kept_.size();
    check(kept_[at]);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void check(const Kept& kept) const {
    const Snapshot& snapshot = *kept.snapshot;
    REQUIRE(scan(snapshot) == Entries{kept.rows.begin(), kept.rows.end()});
    REQUIRE(scan(snapshot, {}, Table::kNextRows) == Entries{kept.next.begin(), kept.next.end()});
  }

  std::mt19937_64 random_;
  const Flushes flushes_;
  const Syncs syncs_;
  MemoryStorage* base_ = nullptr;
  RecordedFiles* disk_ = nullptr;
  std::unique_ptr<WholeStorage> storage_;
  SteppedEngine* stepped_ = nullptr;  // The same, or null.
  StorageLife life_{random_};
  std::vector<Kept> kept_;
};

TEST_SUITE("storage: engine") {
  TEST_CASE(
      "what was acknowledged survives failures of the disk at any call, and flushes at any time") {
    constexpr int kLives = 100;
    const std::uint64_t runs = anabranch::test::long_run() ? 20 : 1;
    for (std::uint64_t number = 0; number < 4 * runs; ++number) {
      CAPTURE(number);
      EngineRun run(anabranch::test::seed() + number / 4,
                    number % 2 == 0 ? Flushes::kByThread : Flushes::kInSteps,
                    number % 4 < 2 ? Syncs::kEach : Syncs::kLater);
      for (int life = 0; life < kLives; ++life) {
        CAPTURE(life);
        run.live();
      }
      CHECK(run.commits() > kLives);
      CHECK(run.swaps() > kLives);
    }
  }

  TEST_CASE("a commit that does not wait for the disk is shown, and durable with the next sync") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const failing = disk.get();
    const auto storage = make_stepped_engine(  // It has no thread that syncs.
        std::make_unique<MemoryStorage>(), std::move(disk), {.sync_every = std::chrono::hours(1)});
    ready(*storage);
    core::Seq seq = 0;
    const auto write = [&](bool durable) {
      ++seq;
      test::commit(*storage, {{kWriter, seq, seq, "batch"}}, {put("key", std::to_string(seq))});
      CHECK(storage->snapshot()->get(Table::kRows, "key") == std::to_string(seq));
      CHECK(storage->last_position() == seq);
      CHECK(storage->durable_position() == (durable ? seq : seq - 1));
      CHECK((storage->engine()->unsynced_bytes == 0) == durable);
    };
    const auto check_durable = [&] {
      CHECK(storage->durable_position() == storage->last_position());
      CHECK(storage->engine()->unsynced_bytes == 0);
    };
    write(false);
    REQUIRE(storage->sync_all().ok());
    check_durable();
    write(false);
    test::commit(*storage, {put("without", "a batch")});
    check_durable();
    write(false);
    REQUIRE(storage->swap({}).ok());
    check_durable();
    const auto end_flush = [&] {
      while (storage->step()) {
      }
    };
    end_flush();  // That of the swap.
    write(false);
    storage->make_room();
    end_flush();
    check_durable();
    write(false);
    failing->fail(DiskCall::kSync, 1);
    CHECK_FALSE(storage->sync_all().ok());
    const LogRecord record{kWriter, 6, 6, "refused"};
    CHECK_FALSE(storage->commit(std::span(&record, 1), {}).ok());
    CHECK_FALSE(storage->check_place().ok());
    CHECK(storage->last_position() == 5);
  }

  TEST_CASE("what was trimmed before the log has lost it takes no later batch with it") {
    auto base = std::make_unique<MemoryStorage>();
    auto disk = std::make_unique<RecordedFiles>();
    MemoryStorage* const tables = base.get();
    RecordedFiles* const files = disk.get();
    const EngineOptions options{.sync_every = std::chrono::hours(1)};
    auto storage = make_stepped_engine(std::move(base), std::move(disk), options);
    ready(*storage);
    for (core::Seq seq = 1; seq <= 3; ++seq) {
      test::commit(*storage, {{kWriter, seq, seq, "lost"}}, {});
    }
    REQUIRE(storage->trim(4).ok());
    while (storage->step()) {
    }
    auto later = tables->crash();
    auto image = files->image(Survival::kNone, 1);
    storage = make_stepped_engine(std::move(later), std::move(image), options);
    ready(*storage);
    CHECK(storage->place().lost.empty());
    CHECK(storage->last_position() == 3);
    CHECK_FALSE(storage->read_log(1));
    test::commit(*storage, {{kWriter, 1, 1, "later"}}, {});
    REQUIRE(storage->read_log(1));
    CHECK(storage->read_log(1)->position == 4);
    CHECK(storage->find(kWriter, 1) == 4);
  }

  TEST_CASE("a thread syncs what does not wait, until a sync fails") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const failing = disk.get();
    const auto storage = open_ready(std::make_unique<MemoryStorage>(), std::move(disk),
                                    {.sync_every = std::chrono::milliseconds(1)});
    test::commit(*storage, {{kWriter, 1, 1, "batch"}}, {});
    while (storage->durable_position() == 0) std::this_thread::yield();
    failing->fail(DiskCall::kSync, 1);
    test::commit(*storage, {{kWriter, 2, 2, "batch"}}, {});
    while (storage->check_place().ok()) std::this_thread::yield();
    CHECK(storage->durable_position() == 1);
    const LogRecord record{kWriter, 3, 3, "refused"};
    CHECK_FALSE(storage->commit(std::span(&record, 1), {}).ok());
  }

  TEST_CASE("a large commit whose log fails shows nothing, and nothing of it is flushed") {
    for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync}) {
      auto base = std::make_unique<MemoryStorage>();
      auto disk = std::make_unique<RecordedFiles>();
      RecordedFiles* const failing = disk.get();
      const auto storage = open_ready(std::move(base), std::move(disk), {.beside_min = 100});
      const auto rows = [](const std::string& value) {
        Changes changes;
        for (int i = 0; i < 300; ++i) changes.put(Table::kRows, "row" + std::to_string(i), value);
        return changes;
      };
      const LogRecord first{kWriter, 1, 1, "first"};
      REQUIRE(storage->commit({&first, 1}, rows("before")).ok());
      failing->fail(call, 1);
      const LogRecord second{kWriter, 2, 2, "second"};
      CHECK_FALSE(storage->commit({&second, 1}, rows("after")).ok());
      storage->make_room();
      CHECK(storage->last_position() == 1);
      const auto shown = scan(*storage->snapshot());
      REQUIRE(shown.size() == 300);
      for (const auto& [key, value] : shown) REQUIRE(value == "before");
      const LogRecord third{kWriter, 3, 3, "third"};
      CHECK_FALSE(storage->commit({&third, 1}, {}).ok());
    }
  }

  TEST_CASE("a commit that fails is not in the log") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const failing = disk.get();
    const auto storage = open_ready(std::make_unique<MemoryStorage>(), std::move(disk));
    test::commit(*storage, {{kWriter, 1, 1, "first"}}, {});
    failing->fail(DiskCall::kSync, 1);
    const LogRecord record{kWriter, 2, 2, "second"};
    CHECK_FALSE(storage->commit(std::span(&record, 1), {}).ok());
    CHECK(storage->last_position() == 1);
    CHECK(storage->read_log(1));
    CHECK_FALSE(storage->read_log(2));
    CHECK_FALSE(storage->find(kWriter, 2));
    CHECK_FALSE(storage->whole_snapshot()->read_log(2));
  }

  TEST_CASE("tables of a log that was lost begin a new origin") {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const kept = base.get();
    std::unique_ptr<MemoryStorage> left;
    {
      const auto storage =
          open_ready(std::move(base), std::make_unique<RecordedFiles>(), {.overlay_bytes = 1});
      test::commit(*storage, {put("a", "1")});
      while (storage->engine()->flushes == 0) std::this_thread::yield();  // Until all is flushed.
      left = kept->clone();
    }
    auto disk = std::make_unique<RecordedFiles>();
    std::unique_ptr<RecordedFiles> after;
    {
      RecordedFiles* const files = disk.get();
      MemoryStorage* const tables = left.get();
      auto opened = open_engine_storage(std::move(left), std::move(disk));
      REQUIRE(opened.ok());
      ready(*opened.value());
      CHECK(opened.value()->place().lost.find("ends before its tables") != std::string::npos);
      // The process is killed before its owner has done anything about it.
      after = files->image(Survival::kNone, 1);
      left = tables->clone();
    }
    RecordedFiles* const files = after.get();
    const auto storage = open_ready(std::move(left), std::move(after));
    CHECK_FALSE(storage->place().lost.empty());
    CHECK(get(*storage, "a") == "1");
    test::commit(*storage, {put("a", "2")});
    CHECK(storage->place().lost.empty());
    CHECK(std::ranges::count(files->list().value(), "commits-missing") == 0);
  }

  TEST_CASE("an engine that is only looked at shows all, and changes nothing") {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const tables = base.get();
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const files = disk.get();
    auto opened = open_engine_storage(std::move(base), std::move(disk));
    REQUIRE(opened.ok());
    ready(*opened.value());
    const LogRecord record{kWriter, 1, 1, "batch"};
    const std::vector changes{put("a", "1")};
    REQUIRE(opened.value()->commit(std::span(&record, 1), changes).ok());
    auto copy = files->copy();
    RecordedFiles* const looked = copy.get();
    auto look = open_engine_storage(tables->clone(), std::move(copy), {.look = true});
    REQUIRE(look.ok());
    ready(*look.value());
    CHECK(get(*look.value(), "a") == "1");
    CHECK(look.value()->read_log(1)->bytes == "batch");
    CHECK(look.value()->whole_snapshot()->last_position() == 1);
    CHECK_FALSE(look.value()->commit({}, changes).ok());
    CHECK_FALSE(look.value()->trim(1).ok());
    CHECK(look.value()->place().lost.empty());
    CHECK(looked->journal().empty());
  }

  TEST_CASE("a byte that changes in the log changes one batch, and ends no process") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const broken = disk.get();
    const auto storage = open_ready(std::make_unique<MemoryStorage>(), std::move(disk));
    test::commit(*storage, {{kWriter, 1, 1, "first"}}, {});
    test::commit(*storage, {{kWriter, 2, 2, "second"}}, {});
    const auto names = broken->list();
    for (const std::string& name : names.value()) {
      std::string& content = broken->content(name);
      if (const auto at = content.find("first"); at != content.npos) content[at] = 'F';
    }
    CHECK(storage->read_log(1)->bytes == "First");
    CHECK(storage->find(kWriter, 1) == 1);
    CHECK(storage->read_log(2)->bytes == "second");
    CHECK(storage->find(kWriter, 2) == 2);
  }

  TEST_CASE("what waits in memory counts as room that is taken, and making room writes it") {
    auto base = std::make_unique<MemoryStorage>();
    base->set_faults({.room = {.outside = 100'000, .inside = 50'000}});
    const auto storage =
        make_stepped_engine(std::move(base), std::make_unique<RecordedFiles>(), {});
    ready(*storage);
    const auto write_all = [&] {
      while (storage->step()) {
      }
    };
    storage->make_room();
    write_all();
    CHECK(storage->engine()->flushes == 0);
    CHECK(storage->room(0).outside == 100'000);

    test::commit(*storage, {put("a", std::string(110'000, 'x'))});
    CHECK(storage->room(0).outside == 0);
    CHECK(storage->room(0).inside < 40'000);
    storage->make_room();
    storage->make_room();
    write_all();
    CHECK(storage->engine()->flushes == 1);
    CHECK(storage->room(0).outside == 100'000);
    CHECK(storage->room(0).inside == 50'000);

    test::commit(*storage, {removal("a")});
    CHECK(storage->room(0).outside > 99'000);
    storage->make_room();
    write_all();
    CHECK(storage->engine()->flushes == 2);
  }

  TEST_CASE("what a flush is writing is counted as taken once, whether the base has it or not") {
    constexpr std::uint64_t kRoom = 1'000'000;
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const tables = base.get();
    const auto storage = open_ready(std::move(base), std::make_unique<RecordedFiles>());
    std::atomic<bool> writes = false;
    std::atomic<bool> may_write = false;
    const auto wait = [&] {
      writes = true;
      writes.notify_all();
      may_write.wait(false);
    };
    tables->set_faults({.before_apply = wait, .room = {.outside = kRoom}});
    test::commit(*storage, {put("a", std::string(200'000, 'x'))});
    const std::uint64_t before = storage->room(0).outside;
    CHECK(before < kRoom - 200'000);
    storage->make_room();
    writes.wait(false);
    CHECK(storage->room(0).outside == before);
    tables->set_faults({.room = {.outside = kRoom - 210'000}});  // As if it had been written.
    CHECK(storage->room(0).outside == before);
    test::commit(*storage, {put("b", std::string(50'000, 'x'))});
    CHECK(storage->room(0).outside < before - 50'000);
    may_write = true;
    may_write.notify_all();
    while (storage->engine()->flushes == 0) std::this_thread::yield();
    const std::uint64_t after = storage->room(0).outside;
    CHECK(after < kRoom - 210'000 - 50'000);
    CHECK(after > kRoom - 210'000 - 60'000);
  }

  TEST_CASE("where one key is written again and again, the log does not grow") {
    constexpr std::uint64_t kLimit = 64'000;
    auto base = std::make_unique<MemoryStorage>();
    auto disk = std::make_unique<RecordedFiles>(1);
    const auto storage = open_ready(std::move(base), std::move(disk),
                                    {.wal = {.segment_bytes = 16'000}, .overlay_bytes = kLimit});
    const std::uint64_t begin = storage->engine()->log_bytes;
    for (int i = 0; i < 3'000; ++i) {
      test::commit(*storage, {put("key", std::string(300, 'v'))});
      REQUIRE(storage->trim(storage->last_position() + 1).ok());
      CHECK(storage->engine()->log_bytes < begin + 5 * kLimit);
    }
    CHECK(storage->engine()->flushes > 5);
    CHECK(get(*storage->snapshot(), "key") == std::string(300, 'v'));
  }

  TEST_CASE("with little room a flush writes few changes at a time") {
    const auto slices = [](std::uint64_t outside) {
      auto base = std::make_unique<MemoryStorage>();
      int applied = 0;
      base->set_faults({.before_apply = [&] { ++applied; }, .room = {.outside = outside}});
      const auto storage =
          make_stepped_engine(std::move(base), std::make_unique<RecordedFiles>(), {});
      ready(*storage);
      for (int i = 0; i < 1'000; ++i) test::commit(*storage, {put(std::to_string(i), "value")});
      applied = 0;
      storage->make_room();
      while (storage->step()) {
      }
      CHECK(storage->engine()->flushes == 1);
      return applied;
    };
    CHECK(slices(std::uint64_t{1} << 40U) == 1);
    CHECK(slices(std::uint64_t{6} << 20U) > 10);
    CHECK(slices(0) > 60);  // Whether the base takes them is for the base to say.
  }

  TEST_CASE(
      "a flush waits while others have filled the disk, and a caller that waits has it tried") {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const tables = base.get();
    const auto storage =
        open_ready(std::move(base), std::make_unique<RecordedFiles>(), {.overlay_bytes = 1});
    test::commit(*storage, {put("first", "1")});
    while (storage->engine()->flushes == 0) std::this_thread::yield();

    std::atomic<int> applied = 0;
    std::atomic<int> asked = 0;
    tables->set_faults({.before_apply = [&] { ++applied; },
                        .room = {.outside = 0},
                        .room_asked = [&] { ++asked; }});
    test::commit(*storage, {put("second", "2")});
    while (asked < 3) std::this_thread::yield();
    CHECK(applied == 0);
    CHECK(get(*storage, "second") == "2");
    // Twice as much as may wait.
    test::commit(*storage, {put("third", std::string(2 * OverlayMemory::kChunkBytes, 'x'))});
    CHECK(applied > 0);
    CHECK(storage->engine()->flushes > 1);

    tables->set_faults({.room = {.outside = 0}});
    test::commit(*storage, {put("fourth", "4")});
    const std::uint64_t flushes = storage->engine()->flushes;
    tables->set_faults({});
    while (storage->engine()->flushes == flushes) std::this_thread::yield();
    CHECK(get(*storage, "fourth") == "4");
  }

  TEST_CASE("what was trimmed before a commit is not there again beside that after a crash") {
    for (const bool is_held : {false, true}) {
      CAPTURE(is_held);
      auto base = std::make_unique<MemoryStorage>();
      auto disk = std::make_unique<RecordedFiles>();
      const MemoryStorage& tables = *base;
      const RecordedFiles& files = *disk;
      const auto storage = make_stepped_engine(std::move(base), std::move(disk), {});
      ready(*storage);
      test::commit(*storage, {{kWriter, 1, 1, "old"}, {kWriter, 2, 3, "old too"}}, {});
      const auto held = is_held ? storage->whole_snapshot() : nullptr;
      REQUIRE(storage->trim(3).ok());
      test::commit(*storage, {{kWriter, 1, 3, "new"}}, {});
      const auto check = [](const Storage& shown) {
        CHECK(shown.find(kWriter, 1) == 3);
        CHECK(shown.find(kWriter, 3) == 3);
        REQUIRE(shown.read_log(1));
        CHECK(shown.read_log(1)->bytes == "new");
      };
      check(*storage);
      // The tables have noted nothing of it, or all.
      for (const bool noted : {false, true}) {
        CAPTURE(noted);
        while (noted && storage->step()) {
        }
        const auto again = make_stepped_engine(tables.crash(), files.image(Survival::kNone, 1), {});
        ready(*again);
        check(*again);
        test::commit(*again, {{kWriter, 4, 4, "next"}}, {});
        CHECK(again->find(kWriter, 4) == 4);
      }
    }
  }

  TEST_CASE("the first of a queue is found without passing all that was removed before it") {
    constexpr int kQueue = 5'000;
    const auto storage =
        make_stepped_engine(std::make_unique<MemoryStorage>(), std::make_unique<RecordedFiles>(),
                            {.overlay_bytes = std::uint64_t{1} << 40U});
    ready(*storage);
    std::vector<Change> queue;
    for (int i = 0; i < kQueue; ++i) queue.push_back(put(std::to_string(100'000 + i), "waits"));
    test::commit(*storage, queue);
    for (int i = 0; i < kQueue; ++i) {
      const std::string first(storage->snapshot()->scan(Table::kRows, {})->key());
      REQUIRE(first == std::to_string(100'000 + i));
      test::commit(*storage, {removal(first)});
      (void)storage->step();
    }
    // The removals of a flush have been passed 250,000 times and more.
    CHECK(storage->engine()->flushes >= 3);
    CHECK(storage->engine()->flushes <= 20);

    const std::uint64_t flushes = storage->engine()->flushes;
    for (int i = 0; i < kQueue; ++i) {
      test::commit(*storage,
                   {put(std::to_string(i), "1"), put(std::to_string(i), "1", Table::kCounts)});
      CHECK(storage->snapshot()->scan(Table::kRows, {})->valid());
      (void)storage->step();
    }
    CHECK(storage->engine()->flushes <= flushes + 1);
  }

  TEST_CASE("a base that fails in a flush closes the engine, which shows what was acknowledged") {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const broken = base.get();
    const auto storage =
        open_ready(std::move(base), std::make_unique<RecordedFiles>(), {.overlay_bytes = 1});
    broken->set_faults({.fail_commit = 1});
    test::commit(*storage, {put("a", "1")});
    bool failed = false;
    for (int i = 0; i < 1'000'000 && !failed; ++i) {
      const std::vector changes{put("b", std::to_string(i))};
      failed = !storage->commit({}, changes).ok();
    }
    CHECK(failed);
    CHECK(get(*storage, "a") == "1");
    CHECK_FALSE(storage->commit({}, std::vector{put("a", "2")}).ok());
    CHECK(get(*storage, "a") == "1");
  }
}

}  // namespace
}  // namespace anabranch::storage::test::engine_test
