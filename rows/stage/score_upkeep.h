// Work on the order of scores besides the updates by changed rows, in slices: finds the orders that
// a change of policies has made stale, removes entries of dropped orders, and rebuilds orders of
// sorted sets along the keys of their rows.
//
// A note in meta describes the stored orders: their format, the resolvers of the process, and the
// opening of the directory since which they are kept. If it is missing or differs (an earlier
// version has written here, or other resolvers were given), opening the directory drops all orders,
// and all sorted sets are ordered anew.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "rows/scores/score_reorder.h"
#include "rows/stage/stage.h"
#include "storage/storage.h"

namespace anabranch::rows {

struct ScoreNote {
  static constexpr std::uint64_t kFormat = 3;

  std::uint64_t format = kFormat;
  core::Hash128 policies;     // Resolvers::score_fingerprint().
  std::uint64_t seed = 0;     // Scores::seed().
  std::uint64_t opening = 0;  // The newest opening by a version that keeps orders.
  bool operator==(const ScoreNote&) const = default;
};
std::string encode_score_note(const ScoreNote& note);
core::Result<ScoreNote> decode_score_note(std::string_view bytes);
// Loads the note of a snapshot; one of format 0 if there is none.
core::Result<ScoreNote> load_score_note(const storage::Snapshot& snapshot);

// The stored rows below a stage.
struct StoredRows {
  const storage::Snapshot& snapshot;
  const core::OriginTable& origins;
};
// Runs a slice of about `changes_max` changes and rows read. Returns whether there was anything to
// do. Throws Error{kCorrupt}.
bool work_on_orders(Stage& stage, const StoredRows& rows, std::size_t changes_max);

// Goes on with the walk of a reorder, which must not be empty, over at most so many orders, and
// schedules the rebuild of at most `changes_max` that are stale. Throws Error{kCorrupt}.
void look_for_stale_orders(Stage& stage, ScoreReorder& reorder, std::size_t looks_max,
                           std::size_t changes_max);

// Removes the note and all orders, and schedules the rebuild of all sorted sets, in several
// commits. The caller writes the note: until there is one, this must be repeated. The masks, scores
// and policies are those of the stored rows. Throws Error{kCorrupt}.
core::Result<void> order_all_anew(storage::Storage& storage,
                                  const std::shared_ptr<const Masks>& masks, const Scores& scores,
                                  const std::shared_ptr<const PolicyTable>& policies);

}  // namespace anabranch::rows
