// Clients that have to say who they are: each has a bounded time for that, and is closed then.
//
// Until then a client may send little at a time and is sent little (connection.h); so crowds of
// strangers cost little memory, and go by themselves.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "server/steady_clock.h"

namespace anabranch::server {

class Strangers {
 public:
  using Milliseconds = std::chrono::milliseconds;

  static constexpr std::size_t kInputMax = std::size_t{16} << 10U;  // Of one request, in bytes.
  static constexpr std::size_t kWordsMax = 10;
  static constexpr std::size_t kOutputMax = std::size_t{1} << 10U;  // Then it must read first.

  // Notes a new client, by its id, that has until `end` to log in.
  void add(std::uint64_t id, SteadyTime end) { ends_.emplace_back(end, id); }
  // Calls the function with the ids of clients whose time is over, whether they have logged in or
  // not.
  template <typename Close>
  void expire(SteadyTime now, const Close& close) {
    while (!ends_.empty() && ends_.front().first <= now) {
      close(ends_.front().second);
      ends_.pop_front();
    }
  }
  // Returns the time until the next one's is over; `most` if that is further.
  [[nodiscard]] Milliseconds timeout(Milliseconds most) const {
    if (ends_.empty()) return most;
    const auto left = std::chrono::ceil<Milliseconds>(ends_.front().first - steady_now());
    return std::clamp(left, Milliseconds{0}, most);
  }

 private:
  std::deque<std::pair<SteadyTime, std::uint64_t>> ends_;  // In the order of arrival.
};

}  // namespace anabranch::server
