// Next tables of the engine: they are swapped and cleared without a pause, each reader keeps its
// own, and an opening finds none.

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/seed.h"
#include "tests/storage/child.h"
#include "tests/storage/old_directory.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::generations_test {
namespace {

Entries next_rows(const Storage& storage) { return scan(storage, Table::kNextRows); }

void fill_next(Storage& storage, const std::string& key) {
  commit(storage, {put(key, "1", Table::kNextRows), put(key, "2", Table::kNextScores)});
}

// Rows of two sets of tables, of which one is the current one.
std::vector<Change> old_rows(bool second, const std::string& current, const std::string& next) {
  const std::string& rows = second ? next : current;
  const std::string& next_rows = second ? current : next;
  return {put(rows, "1"), put(rows, "2", Table::kScores), put(next_rows, "1", Table::kNextRows),
          put(next_rows, "2", Table::kNextScores)};
}

// Holds the flusher up before it changes tables.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

// An engine whose flushes wait at a gate.
struct GatedWorld {
  Gate gate;
  std::unique_ptr<WholeStorage> storage;

  GatedWorld() {
    auto base = std::make_unique<MemoryStorage>();
    MemoryStorage* const tables = base.get();
    auto opened = open_engine_storage(std::move(base), std::make_unique<RecordedFiles>());
    REQUIRE(opened.ok());
    storage = std::move(opened).value();
    ready(*storage);  // It notes that there is a log, which is no flush.
    tables->set_faults({.before_apply = [this] { gate.pass(); }});
  }
  ~GatedWorld() { gate.open(); }
  GatedWorld(const GatedWorld&) = delete;
  GatedWorld& operator=(const GatedWorld&) = delete;
};

TEST_SUITE("storage: engine") {
  TEST_CASE("neither swap nor clear_next waits for a flush as long as a generation is free") {
    GatedWorld world;
    Storage& storage = *world.storage;
    commit(storage, {put("first", "1")});
    auto work = std::async(std::launch::async, [&] {
      fill_next(storage, "cleared");
      const bool cleared = storage.clear_next().ok();  // Its flush stands at the gate from here on.
      fill_next(storage, "second");
      return cleared && storage.swap({}).ok() && storage.clear_next().ok();
    });
    const bool ended = work.wait_for(std::chrono::minutes(1)) == std::future_status::ready;
    CHECK(ended);
    if (!ended) world.gate.open();
    CHECK(work.get());
    CHECK(scan(storage) == Entries{{"second", "1"}});
    CHECK(next_rows(storage).empty());
    // Both others are old now: the next tables are begun when one of them was emptied.
    auto waiting = std::async(std::launch::async, [&] { fill_next(storage, "third"); });
    world.gate.open();
    waiting.get();
    CHECK(next_rows(storage) == Entries{{"third", "1"}});
    REQUIRE(storage.swap({}).ok());
    CHECK(scan(storage) == Entries{{"third", "1"}});
  }

  TEST_CASE("a directory from before the engine goes on in it, whatever its number of swaps") {
    for (const std::uint64_t swaps : {0U, 1U, 2U, 3U}) {
      CAPTURE(swaps);
      const anabranch::test::TempDir folder;
      const std::string directory = (folder.path() / "data").string();
      const std::string key = std::to_string(swaps);
      make_old(directory, {}, old_rows(swaps % 2 == 1, key, "unfinished"), swaps);
      for (int opening = 0; opening < 2; ++opening) {
        const auto storage = open_engine(directory);
        CHECK(scan(*storage) == Entries{{key, "1"}});
        CHECK(scan(*storage, Table::kScores) == Entries{{key, "2"}});
        CHECK(next_rows(*storage).empty());
      }
      const auto storage = open_engine(directory);
      fill_next(*storage, "next");
      REQUIRE(storage->swap({}).ok());
      CHECK(scan(*storage) == Entries{{"next", "1"}});
    }
  }

  TEST_CASE("next tables that were being filled when the process was killed are empty") {
    const anabranch::test::TempDir folder;
    const std::string directory = (folder.path() / "data").string();
    for (int round = 0; round < 2; ++round) {
      CAPTURE(round);
      Pipe filled;
      Child child([&] {
        const auto storage = open_engine(directory);
        if (round == 0) commit(*storage, {put("row", "1")});
        for (std::uint64_t i = 0;; ++i) {
          commit(*storage, {put(std::to_string(i), std::string(5'000, 'x'), Table::kNextRows)});
          filled.send(i);
        }
        return 0;
      });
      filled.close_sending();
      for (int i = 0; i < 100; ++i) REQUIRE(filled.receive());
      child.kill();
      const auto storage = open_engine(directory);
      CHECK(scan(*storage) == Entries{{"row", "1"}});
      CHECK(next_rows(*storage).empty());
      REQUIRE(storage->clear_next().ok());
      fill_next(*storage, "row");
      CHECK(next_rows(*storage) == Entries{{"row", "1"}});
      REQUIRE(storage->swap({}).ok());
      CHECK(scan(*storage) == Entries{{"row", "1"}});
    }
  }

  TEST_CASE("swaps and clears over LMDB, opened anew between any two of them") {
    std::mt19937_64 random(anabranch::test::seed());
    EngineWorld world;
    std::string current = "none";
    std::string next;
    commit(world.storage(), {put(current, "1")});
    const int steps = anabranch::test::long_run() ? 2'000 : 100;
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      if (const auto kind = random() % 4; kind == 0) {
        world.reopen();
        next.clear();
      } else if (kind == 1) {
        REQUIRE(world.storage().clear_next().ok());
        next.clear();
      } else if (kind == 2 && !next.empty()) {
        REQUIRE(world.storage().swap({}).ok());
        current = std::exchange(next, "");
      } else if (next.empty()) {
        fill_next(world.storage(), next = std::to_string(step));
      }
      REQUIRE(scan(world.storage()) == Entries{{current, "1"}});
      REQUIRE(next_rows(world.storage()) == (next.empty() ? Entries{} : Entries{{next, "1"}}));
    }
  }

  TEST_CASE("readers see whole tables while others are filled and swapped in") {
    constexpr int kKeys = 50;
    const int swaps = anabranch::test::long_run() ? 3'000 : 300;
    auto opened = open_engine_storage(std::make_unique<MemoryStorage>(),
                                      std::make_unique<RecordedFiles>(), {.slice_bytes = 300});
    REQUIRE(opened.ok());
    const auto storage = std::move(opened).value();
    ready(*storage);
    std::atomic<bool> stop = false;
    std::atomic<int> wrong = 0;
    const auto read = [&] {
      std::string newest;
      while (!stop) {
        const Entries entries = scan(*storage);
        if (entries.empty() && newest.empty()) continue;
        if (entries.size() != kKeys || entries.front().second < newest) ++wrong;
        for (const auto& [key, value] : entries) {
          if (value != entries.front().second) ++wrong;
        }
        if (!entries.empty()) newest = entries.front().second;
      }
    };
    std::array readers{std::thread(read), std::thread(read)};
    for (int swap = 0; swap < swaps; ++swap) {
      for (int i = 0; i < kKeys; i += 10) {
        std::vector<Change> changes;
        for (int j = i; j < i + 10; ++j) {
          changes.push_back(
              put(std::to_string(j), std::to_string(1'000'000 + swap), Table::kNextRows));
        }
        commit(*storage, changes);
      }
      REQUIRE(storage->swap({}).ok());
    }
    stop = true;
    for (std::thread& each : readers) each.join();
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::generations_test
