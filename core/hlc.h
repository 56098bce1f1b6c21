// Hybrid logical clock (Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014): 48 bits of
// milliseconds and 16 bits of counter.
//
// Timestamps only rank concurrent values; no op is applied or dropped because of one. Invariants:
// 1. now() is strictly greater than every timestamp returned or observed before; 2. observe() never
// moves the clock beyond this machine's wall clock plus the allowed drift, so one machine with a
// wrong clock drags no other along. Not thread-safe.
#pragma once

#include <compare>
#include <cstdint>

#include "core/wall_clock.h"

namespace anabranch::core {

// A timestamp: milliseconds in the upper 48 bits, counter in the lower 16.
struct Hlc {
  std::uint64_t bits = 0;

  auto operator<=>(const Hlc&) const = default;
  [[nodiscard]] Millis millis() const { return static_cast<Millis>(bits >> 16U); }
  [[nodiscard]] std::uint16_t counter() const { return static_cast<std::uint16_t>(bits); }
  // Returns the timestamp `n` steps later; a full counter continues in the next millisecond.
  [[nodiscard]] Hlc plus(std::uint64_t n) const { return {bits + n}; }

  // Returns a timestamp; milliseconds outside of 48 bits are replaced by the nearest possible
  // value.
  static Hlc of(Millis millis, std::uint16_t counter);
};

class HybridClock {
 public:
  static constexpr Millis kDriftMaxMs = 60'000;

  // `clock` must outlive this object. `high_water` is the greatest timestamp of earlier runs: the
  // clock starts behind it.
  HybridClock(const WallClock& clock, Hlc high_water, Millis drift_ms_max = kDriftMaxMs);

  // Returns a timestamp greater than all before: the first of `count` consecutive ones, all used up
  // by this call.
  Hlc now(std::uint64_t count = 1);
  // Follows a foreign timestamp, at most to the wall clock plus the allowed drift. Returns false
  // when the timestamp lies beyond that (the clock then moves to that limit only).
  bool observe(Hlc remote);
  // Returns the greatest timestamp returned or observed so far.
  [[nodiscard]] Hlc high_water() const { return last_; }
  // Returns the time of the wall clock.
  [[nodiscard]] Millis wall_ms() const { return clock_.now_ms(); }
  // Returns that and the steady time of the same moment; see WallClock::moment().
  [[nodiscard]] Moment moment(Millis steady_ms) const { return clock_.moment(steady_ms); }

 private:
  const WallClock& clock_;
  Hlc last_;
  Millis drift_ms_max_;
};

}  // namespace anabranch::core
