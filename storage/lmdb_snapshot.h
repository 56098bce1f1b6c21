// A snapshot of the tables and the log in LMDB: a leased read transaction.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/damage.h"
#include "storage/lmdb_directory.h"
#include "storage/lmdb_env.h"
#include "storage/lmdb_readers.h"
#include "storage/lmdb_row_tables.h"
#include "storage/sealed_values.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

class LmdbSnapshot final : public WholeSnapshot {
 public:
  // `tables` are those current in the lease's transaction; `directory`, the one of the log, must
  // outlive this, and so must `values`: null where values have no checksums.
  LmdbSnapshot(LmdbReaders::Lease lease, const LmdbRowTables::Handles& tables,
               const LmdbTables& directory, const SealedValues* values)
      : lease_(std::move(lease)), tables_(tables), directory_(directory), values_(values) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override;
  [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                           std::string_view to) const override;
  [[nodiscard]] std::uint64_t size(Table table) const override;
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override;
  [[nodiscard]] Position last_position() const override;

 private:
  LmdbReaders::Lease lease_;
  LmdbRowTables::Handles tables_;
  const LmdbTables& directory_;
  const SealedValues* values_;
  // Of first_key(), for the table that it was asked for last. It ends before the lease.
  mutable std::optional<std::pair<Table, LmdbCursor>> first_;
};

}  // namespace anabranch::storage
