// How long a dialled peer has been away, why, and when that is said again: at once, after ten
// seconds, after a minute, then every hour. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace anabranch::transport {

class Absence {
 public:
  using Clock = std::chrono::steady_clock;

  // It is away from now on, if it is not already.
  void begin(Clock::time_point now);
  // An attempt to connect came to nothing.
  void failed(Clock::time_point now);
  // Why, as far as is known; what was known before stays when this is empty.
  void because(std::string why);
  // The line to log now; empty when none is due, or when nothing is known to say.
  [[nodiscard]] std::string line(const std::string& address, Clock::time_point now);
  // A line that says why has been logged.
  void said(Clock::time_point now);
  // The peer is there, and of use.
  void end() { *this = {}; }

  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::uint64_t tries() const { return tries_; }
  // Since when; nothing while the peer is there, or was never tried.
  [[nodiscard]] std::optional<Clock::time_point> since() const { return since_; }

 private:
  // How long the peer has to be away for the next line.
  [[nodiscard]] Clock::duration next() const;

  std::string why_;
  std::uint64_t tries_ = 0;
  std::size_t lines_ = 0;
  std::optional<Clock::time_point> since_;
};

}  // namespace anabranch::transport
