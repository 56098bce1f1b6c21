// How long the commits of the last seconds have taken: whether a disk is slow now. Not thread-safe;
// times are of a steady clock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "core/wall_clock.h"

namespace anabranch::leader {

class RecentCommits {
 public:
  static constexpr core::Millis kKeptMs = 5'000;
  // The newest of more: these tell as well.
  static constexpr std::size_t kMax = 64;

  void note(core::Millis took_ms, core::Millis now) {
    if (commits_.size() >= kMax) commits_.pop_front();
    commits_.push_back({now, took_ms});
  }
  // nullopt where there were none.
  [[nodiscard]] std::optional<core::Millis> median_ms(core::Millis now) const {
    std::vector<core::Millis> times;
    for (const Commit& each : commits_) {
      if (now - each.ended_ms <= kKeptMs) times.push_back(each.took_ms);
    }
    if (times.empty()) return std::nullopt;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return *middle;
  }

 private:
  struct Commit {
    core::Millis ended_ms = 0;
    core::Millis took_ms = 0;
  };
  std::deque<Commit> commits_;
};

}  // namespace anabranch::leader
