// Shares the writer between local writes and background work: applying foreign batches, merging
// snapshots, sweeping. Without local writes, background work has the writer to itself. With local
// writes, each slice of background work is followed by a rest, three times as long as the slice
// took, in which local writes have the writer for themselves: they keep three quarters of its time.
// Where this leader is too far behind others, background work has more of the time, up to nine
// tenths: rests become shorter, and slices follow each other. So the same load cannot make it fall
// behind for ever. Times are readings of any steady clock. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

namespace anabranch::leader {

class Pacer {
 public:
  using Time = std::chrono::microseconds;
  // The time of background work for each unit of the time of local writes.
  static constexpr double kUsual = 1.0 / 3;
  static constexpr double kMost = 9;
  static constexpr Time kRestMax = std::chrono::milliseconds(250);
  // No slice of applying is followed by another one after this time: clients that read wait too.
  static constexpr Time kTogetherMax = std::chrono::milliseconds(20);

  // Notes that a local write was committed.
  void wrote() { wrote_ = true; }
  // Notes how much others press, between 0 (not at all) and 1.
  void press(double pressure) { ratio_ = kUsual + pressure * (kMost - kUsual); }
  // Whether the next slice may run.
  [[nodiscard]] bool due(Time now) const { return !wrote_ || now >= next_; }
  // Notes that slices begin.
  void begins(Time now) {
    begun_ = now;
    // Local writes had all the time since the last slices.
    together_ = wrote_ ? scaled(now - ended_, ratio_, kTogetherMax) : Time(0);
  }
  // Whether another slice of applying may follow now: only under pressure.
  [[nodiscard]] bool goes_on(Time now) const { return ratio_ > kUsual && now - begun_ < together_; }
  // Notes that the slices are over.
  void ended(Time now) {
    ended_ = now;
    next_ = now + scaled(now - begun_, 1 / ratio_, kRestMax);
    wrote_ = false;
  }
  // The time during which only local writes need the writer; rounded up.
  [[nodiscard]] std::chrono::milliseconds rest(Time now) const {
    if (due(now)) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
  }

 private:
  static Time scaled(Time time, double by, Time most) {
    const double scaled = static_cast<double>(time.count()) * by;
    return scaled >= static_cast<double>(most.count()) ? most : Time(std::llround(scaled));
  }

  bool wrote_ = false;  // Since the last slice.
  double ratio_ = kUsual;
  Time begun_{};
  Time together_{};
  Time ended_{};
  Time next_{};
};

}  // namespace anabranch::leader
