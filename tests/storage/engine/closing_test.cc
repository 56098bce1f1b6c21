// The end of an opening: afterwards no commit lies in the log alone, and one that is killed on its
// way there has lost nothing.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_segment.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::closing_test {
namespace {

constexpr core::Origin kWriter = 5;
constexpr std::chrono::milliseconds kLong = std::chrono::hours(1);
constexpr WalOptions kSmall{.segment_bytes = 2'000, .first_bytes = 2'000};

enum class FlushedIn : std::uint8_t { kThread, kSteps };

// An engine over a disk, and what it left there when it is gone.
struct ClosedEngine {
  explicit ClosedEngine(FlushedIn flushed, const EngineOptions& options = {}) {
    auto base = std::make_unique<MemoryStorage>();
    auto disk = std::make_unique<RecordedFiles>();
    tables = base.get();
    files = disk.get();
    if (flushed == FlushedIn::kThread) {
      auto opened = open_engine_storage(std::move(base), std::move(disk), options);
      REQUIRE(opened.ok());
      storage = std::move(opened).value();
    } else {
      storage = make_stepped_engine(std::move(base), std::move(disk), options);
    }
    ready(*storage);
  }

  void write(int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string text = std::to_string(i);
      const auto seq = static_cast<core::Seq>(i);
      commit(*storage, {{kWriter, seq, seq, "batch " + text}}, {put("row " + text, text)});
    }
  }

  MemoryStorage* tables = nullptr;
  RecordedFiles* files = nullptr;
  std::unique_ptr<WholeStorage> storage;
};

// The rows that write(1, end) makes.
Entries rows_to(int end) {
  std::map<std::string, std::string> rows;
  for (int i = 1; i < end; ++i) rows.emplace("row " + std::to_string(i), std::to_string(i));
  return {rows.begin(), rows.end()};
}

std::unique_ptr<WholeStorage> open_again(std::unique_ptr<MemoryStorage> tables,
                                         std::unique_ptr<RecordedFiles> files) {
  auto opened = open_engine_storage(std::move(tables), std::move(files), {.wal = kSmall});
  REQUIRE(opened.ok());
  ready(*opened.value());
  return std::move(opened).value();
}

TEST_SUITE("storage: closing") {
  TEST_CASE("a close leaves no commit in the log alone, whatever bit of it goes bad") {
    for (const FlushedIn flushed : {FlushedIn::kThread, FlushedIn::kSteps}) {
      for (const bool is_synced_later : {false, true}) {
        CAPTURE(is_synced_later);
        EngineOptions options{.wal = kSmall};
        if (is_synced_later) options.sync_every = std::chrono::hours(1);
        ClosedEngine engine(flushed, options);
        engine.write(1, 60);
        CHECK(engine.storage->close(kLong).value());
        CHECK(engine.storage->engine()->redo_bytes == kRecordHeaderSize);  // Its closing record.
        CHECK(engine.storage->durable_position() == 59);
        CHECK(scan(*engine.storage) == rows_to(60));  // Reads go on.
        CHECK_FALSE(engine.storage->commit({}, std::vector{put("late", "1")}).ok());
        CHECK_FALSE(engine.storage->close(kLong).ok());
        const auto left = engine.files->image(Survival::kNone, 1);
        const auto names = left->list();
        REQUIRE(names.value().size() > 2);
        for (const std::string& name : names.value()) {
          const std::size_t size = std::as_const(*left).content(name).size();
          for (std::size_t at = 0; at < size; at += 61) {
            auto bad = left->copy();
            bad->flip(name, at, 0x10);
            const auto again = open_again(engine.tables->crash(), std::move(bad));
            CAPTURE(name);
            CAPTURE(at);
            REQUIRE(scan(*again) == rows_to(60));
          }
        }
      }
    }
  }

  TEST_CASE("damage of the closing record alone is damage of nothing") {
    for (const bool is_flushed : {true, false}) {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      // In the file: what is redone begins behind the record of the opening.
      const std::size_t end =
          kSegmentHeaderSize + kRecordHeaderSize + engine.storage->engine()->redo_bytes;
      CHECK(engine.storage->close(is_flushed ? kLong : std::chrono::milliseconds(0)).value() ==
            is_flushed);
      const auto names = engine.files->list();
      for (std::size_t at = end; at < end + kRecordHeaderSize; ++at) {
        auto bad = engine.files->image(Survival::kNone, 1);
        bad->flip(names.value().front(), at, 0x01);
        const auto again = open_again(engine.tables->crash(), std::move(bad));
        CHECK(again->place().lost.empty());
        REQUIRE(scan(*again) == rows_to(10));
      }
    }
  }

  TEST_CASE("a loss of power at any slice of the flush, and a base that fails, lose nothing") {
    ClosedEngine engine(FlushedIn::kSteps, {.slice_bytes = 1});
    engine.write(1, 20);
    std::vector<std::pair<std::unique_ptr<MemoryStorage>, std::unique_ptr<RecordedFiles>>> left;
    engine.tables->set_faults({.before_apply = [&] {
      left.emplace_back(engine.tables->crash(), engine.files->image(Survival::kNone, left.size()));
    }});
    CHECK(engine.storage->close(kLong).value());
    REQUIRE(left.size() > 10);
    for (auto& [tables, files] : left) {
      const auto again = open_again(std::move(tables), std::move(files));
      CHECK(again->place().lost.empty());
      REQUIRE(scan(*again) == rows_to(20));
    }

    ClosedEngine failing(FlushedIn::kThread, {.slice_bytes = 1});
    failing.write(1, 20);
    failing.tables->set_faults({.fail_commit = 5});
    CHECK_FALSE(failing.storage->close(kLong).ok());
    const auto again =
        open_again(failing.tables->crash(), failing.files->image(Survival::kNone, 1));
    CHECK(scan(*again) == rows_to(20));
  }

  TEST_CASE("a close flushes for so long at most, and not where there is no room") {
    SUBCASE("no time") {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      CHECK_FALSE(engine.storage->close(std::chrono::milliseconds(0)).value());
      CHECK(engine.storage->engine()->flushes == 0);
      const auto again =
          open_again(engine.tables->crash(), engine.files->image(Survival::kNone, 1));
      CHECK(scan(*again) == rows_to(10));
    }
    SUBCASE("no room") {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      std::atomic<int> applied = 0;
      engine.tables->set_faults({.before_apply = [&] { ++applied; }, .room = {.outside = 0}});
      CHECK_FALSE(engine.storage->close(kLong).value());
      CHECK(applied == 0);
    }
    SUBCASE("no room any more, for a flush that is under way") {
      ClosedEngine engine(FlushedIn::kThread, {.overlay_bytes = 1});
      std::atomic<int> asked = 0;
      engine.tables->set_faults({.room = {.outside = 0}, .room_asked = [&] { ++asked; }});
      engine.write(1, 2);
      while (asked < 3) std::this_thread::yield();
      CHECK_FALSE(engine.storage->close(kLong).value());
    }
    SUBCASE("a base that takes longer") {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      std::atomic<bool> may_go_on = false;
      engine.tables->set_faults({.before_apply = [&] { may_go_on.wait(false); }});
      CHECK_FALSE(engine.storage->close(std::chrono::milliseconds(30)).value());
      may_go_on = true;
      may_go_on.notify_all();
    }
  }

  TEST_CASE("a close gives its flush up as soon as it is told to") {
    SUBCASE("given up from the begin") {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      const std::atomic<bool> given_up = true;
      engine.storage->end_flush_when(given_up);
      CHECK_FALSE(engine.storage->close(kLong).value());
      CHECK(engine.storage->engine()->flushes == 0);
      const auto again =
          open_again(engine.tables->crash(), engine.files->image(Survival::kNone, 1));
      CHECK(scan(*again) == rows_to(10));
    }
    SUBCASE("given up while the base writes") {
      ClosedEngine engine(FlushedIn::kThread);
      engine.write(1, 10);
      std::atomic<bool> given_up = false;
      std::atomic<bool> may_go_on = false;
      engine.storage->end_flush_when(given_up);
      engine.tables->set_faults({.before_apply = [&] {
        given_up = true;
        may_go_on.wait(false);
      }});
      CHECK_FALSE(engine.storage->close(kLong).value());
      may_go_on = true;
      may_go_on.notify_all();
    }
  }

  TEST_CASE("a flush that is under way is waited for, and what came since is written, too") {
    for (const FlushedIn flushed : {FlushedIn::kThread, FlushedIn::kSteps}) {
      ClosedEngine engine(flushed, {.slice_bytes = 1});
      engine.write(1, 10);
      engine.storage->make_room();
      engine.write(10, 20);
      CHECK(engine.storage->close(kLong).value());
      CHECK(engine.storage->engine()->flushes == 2);
      CHECK(engine.storage->engine()->redo_bytes == kRecordHeaderSize);
    }
  }

  TEST_CASE("an engine that has failed is not closed well, and flushes nothing more") {
    ClosedEngine engine(FlushedIn::kThread);
    engine.write(1, 10);
    engine.files->fail(DiskCall::kSync, 1);
    CHECK_FALSE(engine.storage->commit({}, std::vector{put("a", "1")}).ok());
    CHECK_FALSE(engine.storage->close(kLong).ok());
    CHECK(engine.storage->engine()->flushes == 0);
    const auto again = open_again(engine.tables->crash(), engine.files->clone());
    CHECK(scan(*again).size() >= 9);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::closing_test
