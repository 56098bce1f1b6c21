// Whether the owner of a leader goes on: its loop turns, or it is inside of the leader, where it
// may wait for the disk as long as that takes. A leader whose loop stands still elsewhere is none
// to the others. Thread-safe.
#pragma once

#include <atomic>

#include "core/hlc.h"

namespace anabranch::leader {

class SignsOfLife {
 public:
  // The owner goes on at a time of boot_ms().
  void beat(core::Millis now) { beat_ms_.store(now, std::memory_order_relaxed); }
  void enter() { ++inside_; }
  void leave(core::Millis now) {
    beat(now);
    --inside_;
  }
  // Whether a sign came within the last so many milliseconds.
  [[nodiscard]] bool any(core::Millis within_ms, core::Millis now) const {
    return inside_ > 0 || now - beat_ms_.load(std::memory_order_relaxed) <= within_ms;
  }

 private:
  std::atomic<core::Millis> beat_ms_{0};
  std::atomic<int> inside_{0};
};

}  // namespace anabranch::leader
