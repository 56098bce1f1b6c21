// How long the answers to wrong passwords wait, by the address that they come from.
//
// Each wrong password within a minute of the last one waits twice as long as that, from 50 ms to
// 3.2 s. While many of an address wait, further passwords from there are not looked at: otherwise
// many connections at once could try as many passwords as they like. A right password never waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace anabranch::server {

// Not thread-safe.
class FailedLogins {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  static constexpr std::size_t kWaitingMax = 16;      // Of one address.
  static constexpr std::size_t kAddressesMax = 1024;  // The one that failed first is forgotten.
  static constexpr unsigned kDoublings = 6;

  // The first wrong password waits for `least`.
  explicit FailedLogins(Milliseconds least = Milliseconds(50)) : least_(least) {}

  // Whether passwords from a host are not to be looked at for now.
  [[nodiscard]] bool refuses(std::string_view host, Time now);
  // Notes a wrong password; returns how long its answer is to wait.
  Milliseconds add(std::string_view host, Time now);

  [[nodiscard]] std::size_t addresses() const { return failures_.size(); }
  // How many passwords were not looked at, since the start.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Failures {
    unsigned count = 0;
    Time last = {};
    std::deque<Time> waiting = {};  // The ends of the waits.
  };

  void forget_oldest();

  Milliseconds least_;
  std::map<std::string, Failures, std::less<>> failures_;
  std::uint64_t refused_ = 0;
};

}  // namespace anabranch::server
