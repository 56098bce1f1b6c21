// The change of a directory of an earlier version, which counts the places below every level of a
// deep row, to the counts that this version keeps (rows/counts.h). Done at most once, before
// anything is written; most directories have no deep row, and stay as they are.
#pragma once

#include <functional>
#include <memory>

#include "core/result.h"
#include "rows/snapshot_reader.h"
#include "storage/storage.h"

namespace anabranch::rows {

// Whether any count is of a deep row. Reads the keys of all counts.
[[nodiscard]] bool has_deep_counts(const storage::Snapshot& snapshot);

// Counts the deep rows of the newest state, and removes the counts of deep maps: in several
// commits, which may be made again after a crash. Throws Error{kCorrupt}.
using TakeSnapshot = std::function<std::unique_ptr<storage::Snapshot>()>;
core::Result<void> count_deep_rows(storage::Storage& storage, const core::OriginTable& origins,
                                   const std::shared_ptr<const Masks>& masks,
                                   const TakeSnapshot& take_snapshot);

}  // namespace anabranch::rows
