// Losers of the public API, from the entries of the conflict log.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/loser.h>

#include "core/path.h"
#include "core/result.h"
#include "leader/put_back.h"
#include "rows/conflicts/conflict_table.h"
#include "rows/names.h"
#include "storage/storage.h"

namespace anabranch::leader {

// Returns the losers of an entry that a filter chooses, without regard to `before` and the limit.
[[nodiscard]] std::vector<Loser> losers_of(rows::ConflictNumber number,
                                           const rows::ConflictEntry& entry,
                                           const rows::Names& names, const LoserFilter& filter);
// Returns the losers of a log, the newest first, each value once. Fails with kInvalid for an id
// that is none. Throws Error{kCorrupt}.
[[nodiscard]] core::Result<std::vector<Loser>> list_losers(const storage::Snapshot& snapshot,
                                                           const rows::Names& names,
                                                           const LoserFilter& filter);

// Returns all losers of the entry that a loser is of. Fails as find_loser().
[[nodiscard]] core::Result<std::vector<Loser>> losers_with(const storage::Snapshot& snapshot,
                                                           const rows::Names& names,
                                                           std::string_view id);

// Fails with kInvalid when the log has no such loser, or no longer. Throws Error{kCorrupt}.
[[nodiscard]] core::Result<LostValue> find_loser(const storage::Snapshot& snapshot,
                                                 std::string_view id);

}  // namespace anabranch::leader
