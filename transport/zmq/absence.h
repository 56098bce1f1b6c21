// The absence of a dialled peer: its duration, its reason, and the times of the log lines: at once,
// after ten seconds, after a minute, then every hour. The first line about a peer that was never
// there is no warning: it may be that it has not been started yet. Not thread-safe.
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

  // Begins an absence, unless one has begun.
  void begin(Clock::time_point now);
  // Counts a failed attempt to connect.
  void failed(Clock::time_point now);
  // Notes that something has answered at the address, though it is of no use.
  void answered() { answered_ = true; }
  // Sets the known reason; an empty `why` keeps the previous one.
  void because(std::string why);
  struct Line {
    std::string text;
    bool warns = true;
    bool operator==(const Line&) const = default;
  };
  // Returns the line to log now; nullopt when none is due, or when no reason is known.
  [[nodiscard]] std::optional<Line> line(const std::string& address, Clock::time_point now);
  // Notes that a line with the reason has been logged.
  void said(Clock::time_point now);
  // Ends the absence: the peer is connected, and of use.
  void end() {
    *this = {};
    answered();
  }

  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::uint64_t tries() const { return tries_; }
  // Returns the begin; nullopt while the peer is connected, or was never tried.
  [[nodiscard]] std::optional<Clock::time_point> since() const { return since_; }

 private:
  // Returns the duration of the absence at which the next line is due.
  [[nodiscard]] Clock::duration next() const;

  std::string why_;
  std::uint64_t tries_ = 0;
  std::size_t lines_ = 0;
  bool answered_ = false;  // Since the start.
  std::optional<Clock::time_point> since_;
};

}  // namespace anabranch::transport
