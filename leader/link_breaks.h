// The breaks of the links to one peer within the last ten minutes: a link that comes back at once
// hides that it breaks again and again. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>

#include "core/wall_clock.h"

namespace anabranch::leader {

class LinkBreaks {
 public:
  static constexpr core::Millis kSpanMs = 600'000;
  static constexpr std::size_t kMax = 1000;  // Are counted.

  void note(core::Millis now) {
    if (times_.size() == kMax) times_.pop_front();
    times_.push_back(now);
  }
  [[nodiscard]] std::size_t count(core::Millis now) const {
    std::size_t count = 0;
    for (auto at = times_.rbegin(); at != times_.rend() && now - *at < kSpanMs; ++at) ++count;
    return count;
  }

 private:
  std::deque<core::Millis> times_;
};

}  // namespace anabranch::leader
