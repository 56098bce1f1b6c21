// Causes that may pass, at the engine: a refused commit has changed nothing and has no position,
// the same commit goes through when the cause has passed, and a flush is done later.

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "storage/overlay/overlay_memory.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::engine_refusal_test {
namespace {

constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT, EINTR, ENOMEM, EAGAIN, EACCES};

// An engine whose work is done in steps, on a disk that fails on demand.
struct World {
  MemoryStorage* base = nullptr;
  RecordedFiles* disk = nullptr;
  std::unique_ptr<SteppedEngine> engine;
  Entries rows;
  core::Seq seq = 0;

  World() { open(std::make_unique<MemoryStorage>(), std::make_unique<RecordedFiles>()); }

  void open(std::unique_ptr<MemoryStorage> tables, std::unique_ptr<RecordedFiles> files) {
    base = tables.get();
    disk = files.get();
    const EngineOptions options{.wal = {.segment_bytes = 4096}, .overlay_bytes = 1};
    engine = make_stepped_engine(std::move(tables), std::move(files), options);
    ready(*engine);
  }
  core::Result<Position> write() {
    const std::string key = "key" + std::to_string(1000 + seq);
    const LogRecord record{5, seq + 1, seq + 1, "batch"};
    Changes changes;
    changes.put(Table::kRows, key, std::string(500, 'v'));
    auto done = engine->commit({&record, 1}, changes);
    if (!done.ok()) return done;
    ++seq;
    rows.emplace_back(key, std::string(500, 'v'));
    return done;
  }
  // Starts again after a loss of power, and compares.
  void check_after_power_loss() {
    REQUIRE(engine->sync_all().ok());
    auto tables = base->crash();
    auto files = disk->image(Survival::kNone, 1);
    engine.reset();
    open(std::move(tables), std::move(files));
    CHECK(engine->place().lost.empty());
    CHECK_FALSE(engine->place().failed);
    CHECK(scan(*engine) == rows);
    CHECK_EQ(engine->last_position(), seq);
    REQUIRE(write().ok());
  }
};

TEST_CASE("a commit that is refused has changed nothing, and goes through when it is tried again") {
  std::size_t refused = 0;
  for (const int error : kPassing) {
    for (const DiskCall call :
         {DiskCall::kOpen, DiskCall::kCreate, DiskCall::kRename, DiskCall::kCheck}) {
      for (std::size_t n = 1; n <= 3; ++n) {
        CAPTURE(error);
        CAPTURE(static_cast<int>(call));
        World world;
        world.disk->fail(call, n, error);
        for (int i = 0; i < 40; ++i) {
          auto done = world.write();
          if (!done.ok()) {
            ++refused;
            CHECK(done.failure().passes);
            CHECK(scan(*world.engine) == world.rows);
            CHECK_EQ(world.engine->last_position(), world.seq);
            CHECK_FALSE(world.engine->read_log(world.seq + 1).has_value());
            REQUIRE(world.write().ok());
          }
          if (i % 3 == 0) (void)world.engine->step();
          if (i % 10 == 9) REQUIRE(world.engine->trim(world.seq / 2).ok());
        }
        world.check_after_power_loss();
      }
    }
  }
  CHECK_GT(refused, 8 * 6);
}

TEST_CASE("a commit that was made ready for is not refused") {
  World world;
  std::size_t refused = 0;
  for (int i = 0; i < 40; ++i) {
    world.disk->fail_all(DiskCall::kCreate, EMFILE);
    auto made = world.engine->make_ready(1'100, 1);
    refused += made.ok() ? 0 : 1;
    if (!made.ok()) {
      CHECK(made.failure().passes);
      world.disk->no_failure();
      REQUIRE(world.engine->make_ready(1'100, 1).ok());
      world.disk->fail_all(DiskCall::kCreate, EMFILE);
    }
    REQUIRE(world.write().ok());
  }
  world.disk->no_failure();
  CHECK_GT(refused, 3);
  world.check_after_power_loss();
}

TEST_CASE("what the tables refuse is written later, and closes nothing") {
  World world;
  for (int i = 0; i < 60; ++i) {
    if (i % 5 == 0) world.base->set_faults({.refuse = 1 + static_cast<std::size_t>(i) % 3});
    REQUIRE(world.write().ok());
    (void)world.engine->step();
  }
  while (world.engine->step()) {
  }
  CHECK_GT(world.engine->engine()->flushes, 0);
  CHECK(scan(*world.engine) == world.rows);
  world.check_after_power_loss();
}

TEST_CASE("a thread that flushes tries again by itself what the tables refuse") {
  auto base = std::make_unique<MemoryStorage>();
  MemoryStorage& tables = *base;
  auto opened =
      open_engine_storage(std::move(base), std::make_unique<RecordedFiles>(), {.overlay_bytes = 1});
  REQUIRE(opened.ok());
  auto engine = std::move(opened).value();
  ready(*engine);
  tables.set_faults({.refuse = 3});
  Entries rows;
  for (int i = 0; i < 400; ++i) {
    const std::string key = "key" + std::to_string(1000 + i);
    commit(*engine, {put(key, std::string(1'000, 'v'))});
    rows.emplace_back(key, std::string(1'000, 'v'));
  }
  CHECK(scan(*engine) == rows);
  CHECK_GT(engine->engine()->flushes, 0);
}

TEST_CASE("where the tables refuse for long, commits are refused before the memory runs over") {
  auto base = std::make_unique<MemoryStorage>();
  MemoryStorage& tables = *base;
  const std::uint64_t limit = OverlayMemory::kChunkBytes;
  auto opened = open_engine_storage(std::move(base), std::make_unique<RecordedFiles>(),
                                    {.overlay_bytes = limit});
  REQUIRE(opened.ok());
  auto engine = std::move(opened).value();
  ready(*engine);
  tables.set_faults({.refuse = SIZE_MAX});
  std::size_t written = 0;
  core::Result<Position> done = Position{0};
  while (written < 20 * limit) {
    Changes changes;
    changes.put(Table::kRows, "key" + std::to_string(written), std::string(10'000, 'v'));
    done = engine->commit({}, changes);
    if (!done.ok()) break;
    written += 10'000;
  }
  REQUIRE_FALSE(done.ok());
  CHECK(done.failure().passes);
  tables.set_faults({});
  for (int tries = 0; tries < 3'000 && !done.ok(); ++tries) {  // Ten times as long as needed.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    Changes changes;
    changes.put(Table::kRows, "last", "value");
    done = engine->commit({}, changes);
  }
  CHECK(done.ok());
  CHECK_EQ(get(*engine, "last"), "value");
}

TEST_CASE("a directory that cannot be looked at refuses, and one that was replaced closes") {
  World world;
  REQUIRE(world.write().ok());
  world.disk->fail(DiskCall::kCheck, 1, EACCES);
  const auto looked = world.engine->check_place();
  REQUIRE_FALSE(looked.ok());
  CHECK(looked.failure().passes);
  REQUIRE(world.engine->check_place().ok());
  REQUIRE(world.write().ok());
  world.disk->fail(DiskCall::kCheck, 1, ENOENT);
  CHECK_FALSE(world.engine->check_place().ok());
  const auto closed = world.write();
  REQUIRE_FALSE(closed.ok());
  CHECK_FALSE(closed.failure().passes);
}

}  // namespace
}  // namespace anabranch::storage::test::engine_refusal_test
