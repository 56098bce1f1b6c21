// The sizes of slices of a snapshot, and the times that it is kept. Tests make them small.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/wall_clock.h"

namespace anabranch::regions {

struct SnapshotLimits {
  // One slice of spooling, checking or merging. A row may be larger.
  std::size_t slice_rows_max = 500;
  std::size_t slice_bytes_max = std::size_t{1} << 20U;
  std::size_t chunk_bytes = std::size_t{64} << 10U;
  // Bytes of a snapshot that may be under way.
  std::uint64_t window_bytes = std::uint64_t{4} << 20U;
  // How long a spool is kept after its last use, by either side.
  core::Millis hold_ms_max = 600'000;
  // The log behind a snapshot is kept for its consumers up to so many bytes of it, or as many as
  // the snapshot has.
  std::uint64_t log_bytes_max = std::uint64_t{2} << 30U;
  // The age up to which a new consumer gets the spool of another one.
  core::Millis share_ms_max = 60'000;
  // A consumer asks again when no chunk has come for ask_again_ms, and after timeout_ms another
  // peer.
  core::Millis ask_again_ms = 2'000;
  core::Millis timeout_ms = 30'000;
};

}  // namespace anabranch::regions
