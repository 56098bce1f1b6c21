// The order in which keys expire: a table of all expiries by their deadlines, derived from rows and
// kept in the same commit. What has no deadline (PERSIST) comes last.
//
//   deadline, big-endian, then the storage key of the row   ->   nothing
//
// It follows the rows as they are stored, also those that a mask hides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/origin_table.h"
#include "core/path.h"
#include "core/result.h"
#include "core/wall_clock.h"
#include "crdt/row.h"
#include "rows/expiry_board.h"
#include "storage/storage.h"

namespace anabranch::rows {

// Appends what changes in the table when the row of an expiry does.
void index_expiry(const core::Path& path, const crdt::Row& before, const crdt::Row& after,
                  std::vector<storage::Change>& changes);

// An entry of the table.
struct DueExpiry {
  core::Millis deadline = 0;
  std::string row_key;
};
// Fails with kCorrupt.
core::Result<DueExpiry> read_due(std::string_view index_key);
// The row's storage key in a key of the table; empty when there is none.
std::string_view row_key_of_due(std::string_view index_key);
// The first key of the table at or after a deadline.
std::string due_key(core::Millis deadline);
// The encoded key that an expiry with this storage key belongs to, or, of a long one, what the
// storage key has of it.
[[nodiscard]] std::string_view key_of_expiry(std::string_view row_key);

// Marks all keys that have an expiry. A directory of a version without the table has it made: then
// `changes` get what must be committed. Fails with kCorrupt when rows cannot be read.
core::Result<void> load_expiries(const storage::Snapshot& snapshot,
                                 const core::OriginTable& origins, ExpiryBoard& board,
                                 std::vector<storage::Change>& changes);

}  // namespace anabranch::rows
