// A reading of a leader's wall clock, as heartbeats carry it: the sender's own reading, and the
// newest known one of every other leader, so that readings also reach leaders that are not direct
// peers. Opening and sending time identify one word of an origin: so a word that took a longer way
// is never mistaken for a newer one.
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
  std::uint64_t opening = 0;  // The number of the opening of its directory.
  core::Millis sent_ms = 0;   // By its steady clock, which grows within one opening.
  core::Millis wall_ms = 0;   // The reading of its wall clock then.
  core::Millis age_ms = 0;    // The least time passed since then.

  bool operator==(const ClockWord&) const = default;
  // The order in which an origin sends its words.
  [[nodiscard]] std::pair<std::uint64_t, core::Millis> number() const { return {opening, sent_ms}; }
};

}  // namespace anabranch::regions
