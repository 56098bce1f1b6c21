// A snapshot of the tables in LMDB: a leased read transaction.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/damage.h"
#include "storage/lmdb_env.h"
#include "storage/lmdb_readers.h"
#include "storage/sealed_values.h"
#include "storage/storage.h"

namespace anabranch::storage {

class LmdbSnapshot final : public Snapshot {
 public:
  using Handles = std::array<LmdbTable, kStoredTableCount>;  // Indexed by Table.

  // `values` must outlive this: null where values have no checksums.
  LmdbSnapshot(LmdbReaders::Lease lease, const Handles& tables, const SealedValues* values)
      : lease_(std::move(lease)), tables_(tables), values_(values) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const override;
  [[nodiscard]] std::string_view first_key(Table table, std::string_view from,
                                           std::string_view to) const override;
  [[nodiscard]] std::uint64_t size(Table table) const override;

 private:
  LmdbReaders::Lease lease_;
  Handles tables_;
  const SealedValues* values_;
  // Of first_key(), for the table that it was asked for last. It ends before the lease.
  mutable std::optional<std::pair<Table, LmdbCursor>> first_;
};

}  // namespace anabranch::storage
