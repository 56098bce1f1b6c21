#include "regions/clocks/clock_bounds.h"

#include <utility>

namespace anabranch::regions {

using core::VersionVector;

void ClockBounds::hear(core::Origin peer, Shown report, const VersionVector& applied) {
  const auto waiting = waiting_.find(peer);
  if (waiting != waiting_.end()) {
    waiting->second.newest = std::move(report);
  } else if (applied.includes(report.applied)) {
    all_.join(report.clocks);
  } else {
    if (waiting_.size() >= kWaitingMax) waiting_.erase(waiting_.begin());
    waiting_.emplace(peer, Waiting{std::move(report), {}});
  }
  look(applied);
}

void ClockBounds::look(const VersionVector& applied) {
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    Waiting& waiting = each->second;
    if (!applied.includes(waiting.oldest.applied)) {
      ++each;
      continue;
    }
    all_.join(waiting.oldest.clocks);
    if (waiting.newest) {
      waiting.oldest = *std::exchange(waiting.newest, std::nullopt);
    } else {
      each = waiting_.erase(each);
    }
  }
}

}  // namespace anabranch::regions
