// Helpers for the tests of storage: the two implementations behind one face, what is below an
// engine, and short words for committing and reading.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/lmdb_storage.h"
#include "storage/memory_storage.h"
#include "storage/overlay/overlay_memory.h"
#include "storage/wal/posix_files.h"
#include "storage/whole_storage.h"
#include "tests/temp_dir.h"

namespace anabranch::storage::test {

using Entries = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t kMapBytes = std::size_t{1} << 30U;

inline Change put(std::string key, std::string value, Table table = Table::kRows) {
  return {table, std::move(key), std::move(value)};
}

inline Change removal(std::string key, Table table = Table::kRows) {
  return {table, std::move(key), std::nullopt};
}

// Records at the positions from `first` on.
inline std::vector<StoredRecord> placed(const std::vector<LogRecord>& records, Position first = 1) {
  std::vector<StoredRecord> all;
  for (const LogRecord& each : records) {
    all.push_back({first++, each.origin, each.first, each.last, std::string(each.bytes)});
  }
  return all;
}

// Makes the storage ready.
inline void ready(Storage& storage) {
  const core::Result<void> opened = storage.open();
  REQUIRE(opened.ok());
}

// Opens the tables of a directory, which must open, without an engine.
inline std::unique_ptr<StorageBelow> open_below(const std::string& directory,
                                                std::size_t map_bytes = kMapBytes) {
  core::Result<std::unique_ptr<StorageBelow>> opened =
      open_lmdb_storage({.directory = directory, .map_bytes = map_bytes});
  REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().message));
  REQUIRE(opened.value()->open_below().ok());
  return std::move(opened).value();
}

// Changes tables as they are stored.
inline core::Result<void> apply_changes(TablesBelow& tables, const Changes& changes) {
  std::vector<ChangeView> sorted;
  sort_changes(changes, sorted);
  return tables.apply(sorted, std::nullopt);
}

// Commits, and must succeed; returns the position of the last record.
inline Position commit(Storage& storage, const std::vector<LogRecord>& records,
                       const std::vector<Change>& changes) {
  const core::Result<Position> done = storage.commit(records, changes);
  REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.failure().message));
  return done.value();
}

inline Position commit(Storage& storage, const std::vector<Change>& changes) {
  return commit(storage, {}, changes);
}

inline std::optional<std::string> get(const Snapshot& snapshot, std::string_view key,
                                      Table table = Table::kRows) {
  const std::optional<std::string_view> value = snapshot.get(table, key);
  if (!value) return std::nullopt;
  return std::string(*value);
}

inline std::optional<std::string> get(const Storage& storage, std::string_view key,
                                      Table table = Table::kRows) {
  return get(*storage.snapshot(), key, table);
}

inline Entries scan(const Snapshot& snapshot, const KeyRange& range = {},
                    Table table = Table::kRows) {
  Entries entries;
  const std::unique_ptr<Cursor> cursor = snapshot.scan(table, range);
  for (; cursor->valid(); cursor->next()) entries.emplace_back(cursor->key(), cursor->value());
  return entries;
}

inline Entries scan(const Storage& storage, Table table = Table::kRows) {
  return scan(*storage.snapshot(), {}, table);
}

// One implementation, with its directory.
class MemoryWorld {
 public:
  MemoryWorld() { ready(*storage_); }
  WholeStorage& storage() { return *storage_; }
  // Closes and opens the stored state.
  void reopen() {
    storage_ = storage_->crash();
    ready(*storage_);
  }

 private:
  std::unique_ptr<MemoryStorage> storage_ = std::make_unique<MemoryStorage>();
};

// Opens the engine over LMDB, with limits so small that it flushes and begins segments all the
// time.
inline std::unique_ptr<WholeStorage> open_engine(const std::string& directory) {
  auto base = open_lmdb_storage({.directory = directory, .map_bytes = kMapBytes});
  REQUIRE(base.ok());
  std::filesystem::create_directory(directory + "/wal");
  auto opened = open_engine_storage(
      std::move(base).value(), posix_files(directory + "/wal"),
      {.wal = {.segment_bytes = 16 << 10}, .overlay_bytes = OverlayMemory::kChunkBytes});
  REQUIRE(opened.ok());
  std::unique_ptr<WholeStorage> storage = std::move(opened).value();
  ready(*storage);
  return storage;
}

class EngineWorld {
 public:
  EngineWorld() : storage_(open_engine(directory())) {}
  WholeStorage& storage() { return *storage_; }
  void reopen() {
    storage_.reset();
    storage_ = open_engine(directory());
  }
  [[nodiscard]] std::string directory() const { return (folder_.path() / "data").string(); }

 private:
  anabranch::test::TempDir folder_;
  std::unique_ptr<WholeStorage> storage_;
};

}  // namespace anabranch::storage::test

TYPE_TO_STRING(anabranch::storage::test::EngineWorld);
TYPE_TO_STRING(anabranch::storage::test::MemoryWorld);
