// The time of the next dial: at once after a link that was of use, else after a pause that doubles
// up to a second. One attempt per second costs almost no time, and a healed peer is back within a
// second. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

namespace anabranch::transport {

class Redial {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kPauseMin{100};
  static constexpr std::chrono::milliseconds kPauseMax{1000};

  // The link has carried a valid message.
  void be_of_use() { pause_ = pause_.zero(); }
  // Sets the next pause to the longest one, for a peer that answers with malformed messages.
  void slow_down() { pause_ = kPauseMax; }
  // The link is over, or there was none.
  void fail(Clock::time_point now) {
    at_ = now + pause_;
    pause_ = std::clamp(pause_ * 2, kPauseMin, kPauseMax);
  }
  // Sets the moment.
  void wait_until(Clock::time_point at) { at_ = at; }
  // Returns the moment to dial.
  [[nodiscard]] Clock::time_point at() const { return at_; }

 private:
  Clock::time_point at_;
  std::chrono::milliseconds pause_{0};
};

}  // namespace anabranch::transport
