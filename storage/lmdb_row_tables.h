// The current one of the two sets of tables, of rows and of tables derived from rows, in each
// transaction.
//
// A row of the table of markers counts the swaps: while the count is odd, the pairs have changed
// places. A transaction need not read the count when it is not older than the newest swap, whose
// number is kept in memory. The number is set before that swap is committed: readers of older
// states then read the row, and newer ones do not exist yet.
//
// Threads: the writer swaps, any thread reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "storage/lmdb_directory.h"
#include "storage/lmdb_env.h"
#include "storage/storage.h"

namespace anabranch::storage {

class LmdbRowTables {
 public:
  using Handles = std::array<LmdbTable, kStoredTableCount>;  // Indexed by Table.

  explicit LmdbRowTables(const LmdbTables& tables) : tables_(tables) {}

  // Reads the count of swaps; call it once, before any other function.
  core::Result<void> load(const LmdbTxn& txn);
  // Returns which of the two sets, 0 or 1, is the current one. For the writer.
  [[nodiscard]] std::uint8_t current() const { return newest_.load() % 2; }
  // Returns the tables current in a transaction.
  [[nodiscard]] core::Result<Handles> in(const LmdbTxn& txn) const;
  // Empties the current pair and makes the other one current, with the commit of `txn`.
  core::Result<void> swap(LmdbTxn& txn);  // NOLINT(bugprone-exception-escape): it is no std::swap.

 private:
  [[nodiscard]] core::Result<std::uint64_t> swaps(const LmdbTxn& txn) const;

  LmdbTables tables_;
  std::atomic<std::uint64_t> newest_ = 0;  // The transaction of the newest swap, times 2, plus 1 if
                                           // the pairs have changed places since.
};

}  // namespace anabranch::storage
