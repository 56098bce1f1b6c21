// What a leader's wall clock showed when it spoke last, as heartbeats carry it: its sender's own,
// and of every other leader the newest one that is known, so that it reaches regions behind others.
// Opening and sending time name one word of an origin: so a word is never taken for a newer one
// because it came on a longer way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/dot.h"
#include "core/wall_clock.h"

namespace anabranch::regions {

inline constexpr std::size_t kClockWordsMax = 1024;  // Of one heartbeat.

struct ClockWord {
  core::Origin origin = 0;
  std::uint64_t opening = 0;  // Which opening of its directory.
  core::Millis sent_ms = 0;   // By its steady clock, which grows within one opening.
  core::Millis wall_ms = 0;   // What its wall clock showed then.
  core::Millis age_ms = 0;    // How long ago that is, at least.

  bool operator==(const ClockWord&) const = default;
  // In which order an origin says them.
  [[nodiscard]] std::pair<std::uint64_t, core::Millis> number() const { return {opening, sent_ms}; }
};

}  // namespace anabranch::regions
