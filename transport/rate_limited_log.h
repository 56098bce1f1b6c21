// Warnings caused by strangers, limited so that they cannot fill the log: each text once a minute,
// and at most kTextsMax different ones. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace anabranch::transport {

class RateLimitedLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kTextsMax = 32;
  static constexpr std::chrono::seconds kPause{60};

  // `region` is that of the store that the lines are about.
  explicit RateLimitedLog(std::string region = {}) : region_(std::move(region)) {}

  // Returns whether the text may be logged at `now`, and if so notes it as logged.
  bool may_say(const std::string& text, Clock::time_point now);
  // Logs the text as a warning if it may be logged now.
  void warn(const std::string& text);

 private:
  std::string region_;
  std::map<std::string, Clock::time_point> said_;
};

}  // namespace anabranch::transport
