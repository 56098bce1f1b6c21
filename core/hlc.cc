#include "core/hlc.h"

#include <algorithm>
#include <limits>

#include "core/assert.h"
#include "core/planted_bug.h"

namespace anabranch::core {
namespace {

constexpr Millis kMillisMax = (Millis{1} << 48) - 1;
constexpr std::uint64_t kBitsMax = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Hlc Hlc::of(Millis millis, std::uint16_t counter) {
  const Millis fitting = std::clamp(millis, Millis{0}, kMillisMax);
  return {static_cast<std::uint64_t>(fitting) << 16U | counter};
}

HybridClock::HybridClock(const WallClock& clock, Hlc high_water, Millis drift_ms_max)
    : clock_(clock), last_(high_water), drift_ms_max_(drift_ms_max) {
  ANABRANCH_ASSERT(drift_ms_max >= 0 && drift_ms_max <= kMillisMax);
}

Hlc HybridClock::now(std::uint64_t count) {
  ANABRANCH_ASSERT(count >= 1);
  ANABRANCH_ASSERT(last_.bits < kBitsMax);
  const Hlc first = std::max(Hlc::of(clock_.now_ms(), 0), last_.plus(1));
  ANABRANCH_ASSERT(count - 1 <= kBitsMax - first.bits);
  last_ = first.plus(count - 1);
  return first;
}

bool HybridClock::observe(Hlc remote) {
  const Millis wall = std::min(clock_.now_ms(), kMillisMax);
  const Hlc cap = Hlc::of(wall + drift_ms_max_, std::numeric_limits<std::uint16_t>::max());
  last_ = std::max(last_, planted(Bug::kFollowAnyClock) ? remote : std::min(remote, cap));
  return remote <= cap;
}

}  // namespace anabranch::core
