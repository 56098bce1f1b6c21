// When a process opens its leader anew that was closed for writes, and how often it did.
//
// A cause that stays would have it opened without end. So each wait is twice the one before it, up
// to a minute, and a second again behind an opening that has held for ten minutes. An opening may
// begin an origin, for that all regions wait: within an hour there are ten at most. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "server/steady_clock.h"

namespace anabranch::server {

class Reopenings {
 public:
  static constexpr std::chrono::seconds kFirstWait{1};
  static constexpr std::chrono::seconds kLongestWait{60};
  static constexpr std::chrono::minutes kHolds{10};
  static constexpr std::chrono::hours kWindow{1};
  static constexpr std::size_t kInWindowMax = 10;

  // The leader is open, for the first time or anew.
  void opened(SteadyTime now);
  // It is closed, or could not be opened, for a reason: another opening is due behind a wait.
  void closed(SteadyTime now, std::string why);
  // It stays closed.
  void give_up() { due_.reset(); }

  // When the next opening is due; nullopt: none is to come.
  [[nodiscard]] const std::optional<SteadyTime>& due() const { return due_; }
  [[nodiscard]] bool is_due(SteadyTime now) const { return due_ && now >= *due_; }
  // The time until then, 0 where it is over or none is to come.
  [[nodiscard]] std::chrono::milliseconds due_in(SteadyTime now) const;
  // Openings behind the first one, and the last reason of one; empty: there was none.
  [[nodiscard]] std::uint64_t count() const { return opened_ > 0 ? opened_ - 1 : 0; }
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  std::uint64_t opened_ = 0;
  std::string why_;
  std::chrono::milliseconds wait_{kFirstWait};  // The next one.
  std::optional<SteadyTime> open_since_;
  std::optional<SteadyTime> due_;
  std::deque<SteadyTime> anew_;  // Within the window.
};

}  // namespace anabranch::server
