// Whether the owner of a leader goes on: its loop turns, or it is inside of the leader, where it
// may wait for the disk as long as that takes. A leader whose loop stands still elsewhere is none
// to the others. The owner's side reads no clock: it has many turns a second. any() is for one
// thread, all others are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/hlc.h"

namespace anabranch::leader {

class SignsOfLife {
 public:
  // The owner goes on.
  void beat() { signs_.fetch_add(1, std::memory_order_relaxed); }
  void enter() { inside_.fetch_add(1, std::memory_order_relaxed); }
  void leave() {
    beat();
    inside_.fetch_sub(1, std::memory_order_relaxed);
  }
  // Whether a sign was seen within the last so many milliseconds; a sign counts from the first
  // question behind it.
  [[nodiscard]] bool any(core::Millis within_ms, core::Millis now) {
    const std::uint64_t signs = signs_.load(std::memory_order_relaxed);
    const bool inside = inside_.load(std::memory_order_relaxed) > 0;
    if (inside || signs != seen_) seen_ms_ = now;
    seen_ = signs;
    return now - seen_ms_ <= within_ms;
  }

 private:
  std::atomic<std::uint64_t> signs_{1};
  std::atomic<int> inside_{0};
  std::uint64_t seen_ = 0;
  core::Millis seen_ms_ = 0;
};

}  // namespace anabranch::leader
