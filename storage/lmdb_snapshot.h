// A snapshot of the tables in LMDB: a leased read transaction.
#pragma once

#include <memory>
#include <utility>

#include "storage/damage.h"
#include "storage/lmdb_directory.h"
#include "storage/lmdb_readers.h"
#include "storage/lmdb_row_tables.h"
#include "storage/storage.h"

namespace anabranch::storage {

class LmdbSnapshot final : public Snapshot {
 public:
  // `tables` are those current in the lease's transaction.
  LmdbSnapshot(LmdbReaders::Lease lease, const LmdbRowTables::Handles& tables)
      : lease_(std::move(lease)), tables_(tables) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, std::string_view from,
                                             Direction direction) const override;
  [[nodiscard]] std::uint64_t size(Table table) const override;

 private:
  LmdbReaders::Lease lease_;
  LmdbRowTables::Handles tables_;
};

// Returns the value; when the page could not be read, logs the failure and stops the process.
template <typename T>
T readable(core::Result<T> result) {
  if (!result.ok()) unreadable(result.failure());
  return std::move(result).value();
}

}  // namespace anabranch::storage
