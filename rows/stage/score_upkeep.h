// Work on the order of scores beside what each change of a row does, in slices: entries of orders
// that are gone are removed, and sorted sets are ordered anew, along the keys of their rows.
//
// A note in meta says of what the orders are: of which form, by which policies, and since which
// opening of the directory. When it is missing or says otherwise (an earlier version has written
// here, policies have changed), all orders go at the opening, and all sorted sets are ordered anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "rows/stage/stage.h"
#include "storage/storage.h"

namespace anabranch::rows {

struct ScoreNote {
  static constexpr std::uint64_t kFormat = 2;

  std::uint64_t format = kFormat;
  core::Hash128 policies;     // Resolvers::fingerprint().
  std::uint64_t seed = 0;     // Scores::seed().
  std::uint64_t opening = 0;  // The newest one of a version that keeps orders.
  bool operator==(const ScoreNote&) const = default;
};
std::string encode_score_note(const ScoreNote& note);
core::Result<ScoreNote> decode_score_note(std::string_view bytes);
// The one of a snapshot; one of format 0 when there is none.
core::Result<ScoreNote> load_score_note(const storage::Snapshot& snapshot);

// The rows that a stage is over.
struct StoredRows {
  const storage::Snapshot& snapshot;
  const core::OriginTable& origins;
};
// Does a slice of about so many changes and rows read. Returns whether there was anything to do.
// Throws Error{kCorrupt}.
bool work_on_orders(Stage& stage, const StoredRows& rows, std::size_t changes_max);

// Removes the note and all orders, and has all sorted sets ordered anew, in several commits. The
// note is left to the caller: until there is one, this is to be done again. Throws Error{kCorrupt}.
core::Result<void> order_all_anew(storage::Storage& storage, const Masks& masks);

}  // namespace anabranch::rows
