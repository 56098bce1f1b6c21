// The order in which keys expire: a table of all expiries by deadline, derived from rows and stored
// in the same commit. Expiries without a deadline (PERSIST) come last.
//
//   deadline, big-endian, then the storage key of the row   ->   nothing
//
// The table follows the rows as stored, including rows that a mask hides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/origin_table.h"
#include "core/path.h"
#include "core/result.h"
#include "core/wall_clock.h"
#include "crdt/row.h"
#include "rows/published_expiry.h"
#include "storage/storage.h"

namespace anabranch::rows {

// Appends the changes of the table for a change of an expiry's row.
void index_expiry(const core::Path& path, const crdt::Row& before, const crdt::Row& after,
                  storage::Changes& changes);

// An entry of the table.
struct DueExpiry {
  core::Millis deadline = 0;
  std::string row_key;
};
// Parses a key of the table. Fails with kCorrupt.
core::Result<DueExpiry> read_due(std::string_view index_key);
// Returns the row's storage key from a key of the table; empty if it contains none.
std::string_view row_key_of_due(std::string_view index_key);
// Returns the first key of the table at or after a deadline.
std::string due_key(core::Millis deadline);
// Returns the encoded key to which the expiry with this storage key belongs; of a long key the part
// that the storage key contains.
[[nodiscard]] std::string_view key_of_expiry(std::string_view row_key);

// Marks all keys that have an expiry. If a version without the table wrote the directory, builds
// the table: the caller must commit `changes`. Fails with kCorrupt if rows cannot be read.
core::Result<void> load_expiries(const storage::Snapshot& snapshot,
                                 const core::OriginTable& origins, PublishedExpiry& published,
                                 storage::Changes& changes);

}  // namespace anabranch::rows
