// The budget of all clients together in one turn of the loop: time, and bytes of answers. The rest
// continues in the next turn, so that no client waits for the commands of all others.
#pragma once

#include <chrono>
#include <cstddef>

#include "server/steady_clock.h"

namespace anabranch::server {

class TurnBudget {
 public:
  TurnBudget(std::chrono::milliseconds time, std::size_t bytes)
      : begin_(steady_now()), time_(time), bytes_(bytes) {}

  // Subtracts bytes of answers.
  void spend(std::size_t bytes) { bytes_ -= bytes < bytes_ ? bytes : bytes_; }
  // Whether the whole budget is spent, or the half reserved for cheap clients.
  [[nodiscard]] bool spent(SteadyTime now) const { return spent_by(now, time_); }
  [[nodiscard]] bool half_spent(SteadyTime now) const { return spent_by(now, time_ / 2); }

 private:
  [[nodiscard]] bool spent_by(SteadyTime now, std::chrono::milliseconds time) const {
    return bytes_ == 0 || now - begin_ >= time;
  }

  SteadyTime begin_;
  std::chrono::milliseconds time_;
  std::size_t bytes_;
};

}  // namespace anabranch::server
