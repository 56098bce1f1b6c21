// Sweeping: goes through what a mask hides, in slices, the oldest mask first. Rows are rewritten as
// the masks leave them, tallies that wait are listed in resets, and counts that the mask made void
// are removed. The mark of how far it has come is committed with each slice, so that a restart goes
// on there; the mask goes with the last one.
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

// What there is to do in one slice.
struct SweepSlice {
  std::vector<core::Path> rows;    // To be rewritten.
  std::vector<core::Path> counts;  // To be removed.
  SweepMark mark;                  // How far the mask is swept then.
  bool done = false;               // Nothing is left of the mask.
};

// The next slice of a mask in a snapshot; `rows` is the table in which rows are looked for. Throws
// Error{kCorrupt}.
SweepSlice next_slice(const storage::Snapshot& snapshot, const core::OriginTable& origins,
                      const Mask& mask, const SweepLimits& limits,
                      storage::Table rows = storage::Table::kRows);

}  // namespace anabranch::rows
