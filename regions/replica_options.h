// The bounds and options of a replica.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "core/hash.h"
#include "core/hlc.h"
#include "regions/conflicts/conflict_log.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/exchange/exchange.h"
#include "regions/log/log_segments.h"
#include "regions/policies.h"
#include "regions/rejoin/rejoin.h"
#include "regions/snapshot/snapshot_limits.h"
#include "regions/wire/signatures.h"
#include "rows/resolvers.h"
#include "rows/stage/sweep.h"

namespace anabranch::regions {

// Bounds in memory, under way and on disk. Tests make them tiny.
struct ReplicaLimits {
  LogLimits log{};
  ConflictLog::Limits conflicts{};
  std::uint64_t reserve_bytes = 0;  // See Options::reserve_bytes.
  // Whether its owner tells what has left of the bodies that it sends (Replica::bodies_left).
  bool bounded_outbox = false;
  std::uint64_t window_bytes = Subscriptions::kWindowBytes;
  std::uint64_t stream_slice_bytes = OutStream::kSliceBytes;  // Of the log, for a peer in a turn.
  std::size_t hold_bytes_max = HoldBackQueue::kBytesMax;
  std::size_t slice_ops_max = 1000;  // Of foreign batches applied in one commit.
  SnapshotLimits snapshots{};
  // Where more rows are stored below a prefix, a clear of it is done by a mask and swept later.
  std::size_t own_clear_rows_direct = 1000;
  std::size_t foreign_clear_rows_direct = 1000;
  rows::SweepLimits sweep{};  // Of one slice.
  RejoinLimits rejoin{};
  // Where more rows are stored below the prefix of a foreign clear, its survivors are counted
  // ahead.
  std::size_t clear_rows_counted_at_once = 8000;

  // Returns the bytes that one peer may have under way to here: a batch that a full hold-back
  // queue had no room for is asked for again, and each time a window of batches follows it.
  [[nodiscard]] std::uint64_t window() const {
    return std::max<std::uint64_t>(
        std::min<std::uint64_t>(hold_bytes_max / kWindowPart, window_bytes), 1);
  }
  static constexpr std::size_t kWindowPart = 8;
};

struct ReplicaOptions {
  core::Hash128 mesh;
  std::string region;
  // Random numbers for this opening: the origin counts only in an empty directory, or when a new
  // incarnation begins.
  core::Origin fresh_origin = 0;
  std::uint64_t nonce = 0;
  // The operator wants a new incarnation.
  bool new_origin = false;
  // More random numbers, for incarnations that begin while it runs. Without it they follow from the
  // nonce, and two copies of one running machine have the same nonce.
  std::function<core::Origin()> random_origin = {};
  // With it, foreign batches are applied as far as their region has signed them. Must outlive the
  // replica; null: nothing is signed, and all batches are believed.
  const Signatures* signatures = nullptr;
  // The functions that decide between concurrent values; must outlive the replica. Null: `lww`.
  const rows::Resolvers* resolvers = nullptr;
  // The policies that its region proposes.
  Policies::Proposals proposals = {};
  core::Millis drift_ms_max = core::HybridClock::kDriftMaxMs;
  // For how long a leader that is away keeps keys that have expired from being cleared.
  core::Millis expiry_wait_ms = core::Millis{24} * 3600 * 1000;
  // It takes no writes of its own, and nobody waits for it, until promote(). A directory that
  // has stepped down follows without it, too.
  bool follows = false;
  // After so long without a leader it may lead by itself, so its region's leader lists it, and all
  // wait for it then; 0: never.
  core::Millis promote_after_ms = 0;
  // It follows at first, without being at rest, and its owner decides by what other members show
  // whether it leads (Replica::take_role). For a member of a region that promotes by itself.
  bool listens = false;
  // The reign under which it leads, if its directory knows no greater one; 0: it counts none.
  std::uint64_t reign = 0;
  // Whether its storage may sync later than it commits.
  bool syncs_later = false;
  // Whether it writes itself into the list of regions, a transaction of its own for each origin.
  bool announce = false;
  // Whether its batches carry checksums. Without, it writes as versions did that had none: for
  // tests of living with these.
  bool checksums = true;
  ReplicaLimits limits{};
};

}  // namespace anabranch::regions
