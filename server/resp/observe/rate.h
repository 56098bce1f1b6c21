// A rate per second, from a count that only grows.
#pragma once

#include <cstdint>
#include <deque>

#include "server/steady_clock.h"

namespace anabranch::server {

class Rate {
 public:
  // Notes the count; cheap, and without effect soon after the last note.
  void note(SteadyTime now, std::uint64_t count) {
    if (!notes_.empty() && now - notes_.back().time < kApart) return;
    notes_.push_back({now, count});
    if (notes_.size() > kNotesMax) notes_.pop_front();
  }
  // Returns how much the count has grown per second, lately.
  [[nodiscard]] double per_second(SteadyTime now, std::uint64_t count) const {
    if (notes_.empty()) return 0;
    const Note& from = notes_.front();
    const double seconds = std::chrono::duration<double>(now - from.time).count();
    return seconds > 0 && count > from.count ? static_cast<double>(count - from.count) / seconds
                                             : 0;
  }
  void reset() { notes_.clear(); }

 private:
  static constexpr std::chrono::milliseconds kApart{100};
  static constexpr std::size_t kNotesMax = 16;  // As Redis.
  struct Note {
    SteadyTime time;
    std::uint64_t count;
  };

  std::deque<Note> notes_;  // The oldest first.
};

}  // namespace anabranch::server
