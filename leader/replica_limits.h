// The part of the options that bounds a replica.
#pragma once

#include <anabranch/options.h>

#include <algorithm>
#include <cstdint>

#include "leader/health/footprint.h"
#include "regions/replica_options.h"

namespace anabranch::leader {

inline regions::ReplicaLimits replica_limits(const Options& options) {
  // Twice as much log as for a region that is away: one that takes a snapshot soon has it.
  const std::uint64_t snapshot_log_bytes =
      2 * std::min(options.log_bytes_max, std::uint64_t{1} << 62U);
  return {.log = {.bytes_min = options.log_bytes_min,
                  .bytes_max = options.log_bytes_max,
                  .age_ms_max = options.log_age_ms_max},
          .conflicts = {.bytes_max = options.conflicts_bytes_max},
          .reserve_bytes = reserve_bytes(options),
          .bounded_outbox = true,
          .snapshots = {.log_bytes_max = snapshot_log_bytes}};
}

}  // namespace anabranch::leader
