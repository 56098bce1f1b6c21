// Commits of the engine that are under way while the disk works.

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::begun_commit_test {
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

  TEST_CASE("a large commit is made in memory by the thread, also where it waits for no disk") {
    for (const auto every : {std::optional<std::chrono::milliseconds>(),
                             std::optional<std::chrono::milliseconds>(std::chrono::hours(1))}) {
      const auto storage = engine_over(std::make_unique<RecordedFiles>(),
                                       {.overlay_bytes = 1, .sync_every = every, .beside_min = 2});
      std::vector<std::pair<std::string, std::unique_ptr<Snapshot>>> kept;
      for (core::Seq seq = 1; seq <= 500; ++seq) {
        const std::string value = std::to_string(seq);
        const LogRecord record{kWriter, seq, seq, value};
        Changes changes;
        changes.put(Table::kRows, "a", value);
        changes.put(Table::kRows, "key" + value, value);
        REQUIRE(storage->begin_commit({&record, 1}, changes).value());
        // Readers see nothing of it, however far it is.
        auto before = storage->snapshot();
        if (seq > 1) CHECK(before->get(Table::kRows, "a") == std::to_string(seq - 1));
        CHECK(scan(*before).size() == (seq > 1 ? seq : 0));
        storage->make_room();
        if (seq % 2 == 0) {
          REQUIRE(is_told(*storage, -1));
          while (!storage->commit_is_made()) std::this_thread::yield();
        }
        REQUIRE(storage->finish_commit().ok());
        CHECK(storage->commit_is_made());
        CHECK(get(*storage, "a") == value);
        kept.emplace_back(std::to_string(seq - 1), std::move(before));
        if (kept.size() < 20) continue;
        for (const auto& [expected, snapshot] : kept) {
          if (expected == "0") continue;
          REQUIRE(snapshot->get(Table::kRows, "a") == expected);
          REQUIRE(scan(*snapshot).size() == std::stoul(expected) + 1);
        }
        kept.clear();
      }
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

  TEST_CASE("a large commit that was begun and cannot be logged is never shown") {
    auto disk = std::make_unique<RecordedFiles>();
    RecordedFiles* const failing = disk.get();
    const auto storage =
        engine_over(std::move(disk), {.sync_every = std::chrono::hours(1), .beside_min = 2});
    test::commit(*storage, {put("a", "1")});
    failing->fail(DiskCall::kWrite, 1);
    const LogRecord record{kWriter, 1, 1, "batch"};
    const Changes changes({put("a", "2"), put("b", "2")});
    REQUIRE(storage->begin_commit({&record, 1}, changes).ok());
    CHECK_FALSE(storage->finish_commit().ok());
    CHECK(get(*storage, "a") == "1");
    CHECK_FALSE(storage->begin_commit({&record, 1}, changes).ok());
    CHECK_FALSE(get(*storage, "b"));
  }

  TEST_CASE("a small commit that need not wait for the disk is made when it is begun") {
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
}  // namespace anabranch::storage::test::begun_commit_test
