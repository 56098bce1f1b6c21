// The table of the conflict log, read through a snapshot: entries by number, in the order in which
// they were logged.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "rows/conflicts/conflict_entry.h"
#include "storage/storage.h"

namespace anabranch::rows {

using ConflictNumber = std::uint64_t;  // From 1; never given again in a directory.

// Returns the number behind the newest entry of the log; 1 when it is empty.
[[nodiscard]] ConflictNumber conflicts_end(const storage::Snapshot& snapshot);
// Returns an entry; nullopt if there is none, or no longer. Throws Error{kCorrupt}.
[[nodiscard]] std::optional<ConflictEntry> find_conflict(const storage::Snapshot& snapshot,
                                                         ConflictNumber number);
// Visits the entries with numbers below `before`, the newest first, until the function returns
// false. 0 is the end of the log. Throws Error{kCorrupt}.
using VisitConflict = std::function<bool(ConflictNumber number, const ConflictEntry& entry)>;
void scan_conflicts(const storage::Snapshot& snapshot, ConflictNumber before,
                    const VisitConflict& visit);

}  // namespace anabranch::rows
