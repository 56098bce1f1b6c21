// A sweep rewrites the rows hidden by masks, in slices, the oldest mask first. Rows are stored as
// masked, waiting tallies are listed in resets, and counts that the mask made void are removed. The
// mark of progress is committed with each slice, so a restart continues there; the last slice
// removes the mask.
#pragma once

#include <vector>

#include "core/origin_table.h"
#include "rows/masks/masks.h"
#include "storage/storage.h"

namespace anabranch::rows {

struct SweepLimits {
  std::size_t changes = 1000;                 // Rows and counts to be written.
  std::size_t looks = 8000;                   // Rows and counts to be read.
  std::size_t bytes = std::size_t{4} << 20U;  // Of the rows to be written.
};

// The work of one slice.
struct SweepSlice {
  std::vector<core::Path> rows;    // To be rewritten.
  std::vector<core::Path> counts;  // To be removed.
  SweepMark mark;                  // The progress after the slice.
  bool done = false;               // The mask is swept completely.
};

// Returns the next slice of a mask in a snapshot; `rows` is the table to search for rows. Throws
// Error{kCorrupt}.
SweepSlice next_slice(const storage::Snapshot& snapshot, const core::OriginTable& origins,
                      const Mask& mask, const SweepLimits& limits,
                      storage::Table rows = storage::Table::kRows);

}  // namespace anabranch::rows
