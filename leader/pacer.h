// Shares the writer between local writes and what goes on beside them: applying what others wrote,
// merging snapshots, sweeping. While nobody writes here, that has the writer whole. While somebody
// does, each slice of it is followed by a rest, kRest times as long as the slice took, in which
// local writes have the writer for themselves: they keep three quarters of its time. Times are
// readings of any steady clock. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

namespace anabranch::leader {

class Pacer {
 public:
  using Time = std::chrono::microseconds;
  static constexpr int kRest = 3;
  static constexpr Time kRestMax = std::chrono::milliseconds(250);

  // A local write was committed.
  void wrote() { wrote_ = true; }
  // Whether the next slice may run.
  [[nodiscard]] bool due(Time now) const { return !wrote_ || now >= next_; }
  // A slice ran.
  void ran(Time from, Time to) {
    next_ = to + std::min<Time>(kRest * (to - from), kRestMax);
    wrote_ = false;
  }
  // For how long nothing but a local write needs the writer; rounded up.
  [[nodiscard]] std::chrono::milliseconds rest(Time now) const {
    if (due(now)) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
  }

 private:
  bool wrote_ = false;  // Since the last slice.
  Time next_{};
};

}  // namespace anabranch::leader
