// The log in its tables of LMDB, within one transaction.
#pragma once

#include <optional>
#include <span>

#include "storage/lmdb_directory.h"
#include "storage/lmdb_env.h"
#include "storage/storage.h"

namespace anabranch::storage {

// Returns the greatest position ever given: of the log, or of the records trimmed from it.
core::Result<Position> last_in_log(const LmdbTxn& txn, const LmdbTables& tables);
// Returns the first record at or after `position`; nullopt at the end of the log.
core::Result<std::optional<StoredRecord>> read_from_log(const LmdbTxn& txn,
                                                        const LmdbTables& tables,
                                                        Position position);
// Returns the position of the first record of `origin` that ends at or behind `seq`.
core::Result<std::optional<Position>> find_in_log(const LmdbTxn& txn, const LmdbTables& tables,
                                                  core::Origin origin, core::Seq seq);
// Appends the records at their positions, each greater than all before. Of two with the same last
// op of an origin (one is damaged) the first one is found.
core::Result<void> append_to_log(const LmdbTxn& txn, const LmdbTables& tables,
                                 std::span<const StoredRecord> records);
// Removes at most `records_max` records before `position`. Returns their number.
core::Result<std::size_t> trim_log(const LmdbTxn& txn, const LmdbTables& tables, Position position,
                                   std::size_t records_max);

}  // namespace anabranch::storage
