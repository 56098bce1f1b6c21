// Losers of the public API, from the entries of the conflict log.
#pragma once

#include <cstddef>
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

// The functions up to mark_shown() leave Loser::is_shown false.

// Returns the losers of an entry that a filter chooses, without regard to `before` and the limit.
[[nodiscard]] std::vector<Loser> losers_of(rows::ConflictNumber number,
                                           const rows::ConflictEntry& entry,
                                           const rows::Names& names, const LoserFilter& filter);
// Some losers, the newest first, each value once: at its newest entry here.
struct LoserPage {
  std::vector<Loser> losers;
  std::string before;  // The filter's `before` of the next page; empty behind the last one.
};
// Returns a page of a log, of the filter's limit at most, after a look at so many entries at most.
// Fails with kInvalid for an id that is none. Throws Error{kCorrupt}.
[[nodiscard]] core::Result<LoserPage> list_losers(const storage::Snapshot& snapshot,
                                                  const rows::Names& names,
                                                  const LoserFilter& filter,
                                                  std::size_t entries_max);

// Returns all losers of the entry that a loser is of. Fails as find_loser().
[[nodiscard]] core::Result<std::vector<Loser>> losers_with(const storage::Snapshot& snapshot,
                                                           const rows::Names& names,
                                                           std::string_view id);

// Sets Loser::is_shown by a state: reads the row of each, once.
void mark_shown(std::vector<Loser>& losers, const View& view);

// Fails with kInvalid when the log has no such loser, or no longer. Throws Error{kCorrupt}.
[[nodiscard]] core::Result<LostValue> find_loser(const storage::Snapshot& snapshot,
                                                 std::string_view id);

}  // namespace anabranch::leader
