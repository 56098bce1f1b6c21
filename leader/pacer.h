// Shares the writer between local writes and background work: applying foreign batches, merging
// snapshots, sweeping. Without local writes, background work has the writer to itself. With local
// writes, each slice of background work is followed by a rest, kRest times as long as the slice
// took, in which local writes have the writer for themselves: they keep three quarters of its time.
// Times are readings of any steady clock. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

namespace anabranch::leader {

class Pacer {
 public:
  using Time = std::chrono::microseconds;
  static constexpr int kRest = 3;
  static constexpr Time kRestMax = std::chrono::milliseconds(250);

  // Notes that a local write was committed.
  void wrote() { wrote_ = true; }
  // Whether the next slice may run.
  [[nodiscard]] bool due(Time now) const { return !wrote_ || now >= next_; }
  // Notes that a slice ran.
  void ran(Time from, Time to) {
    next_ = to + std::min<Time>(kRest * (to - from), kRestMax);
    wrote_ = false;
  }
  // The time during which only local writes need the writer; rounded up.
  [[nodiscard]] std::chrono::milliseconds rest(Time now) const {
    if (due(now)) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
  }

 private:
  bool wrote_ = false;  // Since the last slice.
  Time next_{};
};

}  // namespace anabranch::leader
