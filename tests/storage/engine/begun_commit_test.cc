// Commits of the engine that are under way while the disk works.

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test {
namespace {

constexpr core::Origin kWriter = 5;

std::unique_ptr<WholeStorage> engine_over(std::unique_ptr<RecordedFiles> disk,
                                          const EngineOptions& options = {}) {
  auto opened = open_engine_storage(std::make_unique<MemoryStorage>(), std::move(disk), options);
  REQUIRE(opened.ok());
  ready(*opened.value());
  return std::move(opened).value();
}

// Whether the descriptor tells, within a time, that a commit can be finished; -1: for ever.
bool is_told(const Storage& storage, int timeout_ms) {
  pollfd told{storage.committed_fd(), POLLIN, 0};
  return ::poll(&told, 1, timeout_ms) == 1;
}

TEST_SUITE("storage: commits under way") {
  TEST_CASE("a commit that is under way is not shown, and a descriptor tells when it can be") {
    const auto storage = engine_over(std::make_unique<RecordedFiles>());
    test::commit(*storage, {{kWriter, 1, 1, "first"}}, {put("a", "1")});
    for (core::Seq seq = 2; seq <= 100; ++seq) {
      CHECK_FALSE(is_told(*storage, 0));
      const LogRecord record{kWriter, seq, seq, "more"};
      Changes changes;
      changes.put(Table::kRows, "a", std::to_string(seq));
      REQUIRE(storage->begin_commit({&record, 1}, changes).value());
      REQUIRE(is_told(*storage, -1));
      CHECK(get(*storage, "a") == std::to_string(seq - 1));
      CHECK(storage->last_position() == seq - 1);
      CHECK_FALSE(storage->read_log(seq));
      REQUIRE(storage->finish_commit().ok());
      CHECK(get(*storage, "a") == std::to_string(seq));
      CHECK(storage->durable_position() == seq);
    }
    CHECK_FALSE(is_told(*storage, 0));
  }

  TEST_CASE("the writer sees a commit under way, and what it holds stays through flushes") {
    const auto storage = engine_over(std::make_unique<RecordedFiles>(), {.overlay_bytes = 1});
    std::vector<std::pair<std::string, std::unique_ptr<Snapshot>>> kept;
    for (core::Seq seq = 1; seq <= 500; ++seq) {
      const std::string value = std::to_string(seq);
      const LogRecord record{kWriter, seq, seq, value};
      Changes changes;
      changes.put(Table::kRows, "a", value);
      changes.put(Table::kRows, "key" + value, value);
      REQUIRE(storage->begin_commit({&record, 1}, changes).value());
      auto logged = storage->logged();
      CHECK(logged->get(Table::kRows, "a") == value);
      CHECK(scan(*logged).size() == seq + 1);
      if (seq > 1) CHECK(get(*storage, "a") == std::to_string(seq - 1));
      storage->make_room();
      REQUIRE(storage->finish_commit().ok());
      CHECK(logged->get(Table::kRows, "a") == value);
      kept.emplace_back(value, std::move(logged));
      if (kept.size() < 20) continue;
      for (const auto& [expected, snapshot] : kept) {
        REQUIRE(snapshot->get(Table::kRows, "a") == expected);
        REQUIRE(scan(*snapshot).size() == std::stoul(expected) + 1);
      }
      kept.clear();
    }
  }

  TEST_CASE("a commit that was begun and whose sync fails is never shown") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const failing = disk.get();
    const auto storage = engine_over(std::move(disk));
    test::commit(*storage, {put("a", "1")});
    failing->fail(DiskCall::kSync, 1);
    const LogRecord record{kWriter, 1, 1, "batch"};
    Changes changes;
    changes.put(Table::kRows, "a", "2");
    REQUIRE(storage->begin_commit({&record, 1}, changes).ok());
    CHECK_FALSE(storage->finish_commit().ok());
    CHECK(get(*storage, "a") == "1");
    CHECK(storage->last_position() == 0);
    CHECK_FALSE(storage->begin_commit({&record, 1}, changes).ok());
    CHECK_FALSE(storage->commit({}, changes).ok());
    CHECK(get(*storage, "a") == "1");
  }

  TEST_CASE("a commit that need not wait for the disk is made when it is begun") {
    const auto storage =
        engine_over(std::make_unique<RecordedFiles>(), {.sync_every = std::chrono::hours(1)});
    const LogRecord record{kWriter, 1, 1, "batch"};
    Changes changes;
    changes.put(Table::kRows, "a", "1");
    CHECK_FALSE(storage->begin_commit({&record, 1}, changes).value());
    CHECK(get(*storage, "a") == "1");
    REQUIRE(storage->finish_commit().ok());
    CHECK(storage->last_position() == 1);
  }

  TEST_CASE("a storage may end while a commit is under way") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const files = disk.get();
    std::unique_ptr<RecordedFiles> left;
    {
      const auto storage = engine_over(std::move(disk));
      const LogRecord record{kWriter, 1, 1, "batch"};
      Changes changes;
      changes.put(Table::kRows, "a", "1");
      REQUIRE(storage->begin_commit({&record, 1}, changes).value());
      REQUIRE(is_told(*storage, -1));
      left = files->copy();
    }
    const auto storage = engine_over(std::move(left));
    CHECK(get(*storage, "a") == "1");  // It was on the disk; its caller has not been told.
  }
}

}  // namespace
}  // namespace anabranch::storage::test
