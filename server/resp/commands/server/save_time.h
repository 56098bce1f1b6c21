// The time up to which all answered writes are on the disk.
#pragma once

#include <anabranch/status.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/wall_clock.h"
#include "leader/storage_options.h"

namespace anabranch::server {

// Returns it in seconds since 1970. A write that is not there yet has waited for the interval of
// the syncs at most.
inline std::int64_t save_time_s(const StoreStatus& status) {
  core::Millis saved_ms = core::SystemClock().now_ms();
  if (status.storage_unsynced_bytes > 0) {
    const auto* const word = std::ranges::find(leader::kDurabilities, status.durability,
                                               [](const auto& row) { return row.first; });
    saved_ms -= leader::sync_interval(word->second).value_or(std::chrono::milliseconds(0)).count();
  }
  return saved_ms / 1000;
}

}  // namespace anabranch::server
