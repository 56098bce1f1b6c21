// All that is noted of commands.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "server/resp/observe/command_counts.h"
#include "server/resp/observe/latency_events.h"
#include "server/resp/observe/rate.h"
#include "server/resp/observe/slow_log.h"

namespace anabranch::server {

class Observed {
 public:
  CommandCounts commands = {};
  ErrorCounts errors = {};
  Rate commands_rate = {};
  Rate in_rate = {};
  Rate out_rate = {};
  std::uint64_t hits = 0;    // Keys that reads have found...
  std::uint64_t misses = 0;  // ...and not found.

  [[nodiscard]] SlowLog& slow() { return slow_; }
  [[nodiscard]] const SlowLog& slow() const { return slow_; }
  [[nodiscard]] LatencyEvents& latency() { return latency_; }
  [[nodiscard]] const LatencyEvents& latency() const { return latency_; }
  void set_slow_threshold(std::chrono::microseconds least) {
    slow_.set_threshold(least);
    find_notable();
  }
  void set_latency_threshold(std::chrono::milliseconds least) {
    latency_.set_threshold(least);
    find_notable();
  }
  // Whether something that took so long may be for the slow log or a sample.
  [[nodiscard]] bool notable(std::chrono::nanoseconds took) const { return took >= notable_; }

  // Forgets what CONFIG RESETSTAT forgets.
  void reset_counts() {
    commands.reset();
    errors.reset();
    commands_rate.reset();
    in_rate.reset();
    out_rate.reset();
    hits = misses = 0;
  }

 private:
  void find_notable() {
    using std::chrono::nanoseconds;
    const nanoseconds slow = slow_.threshold();
    const nanoseconds sampled = latency_.threshold();
    notable_ = slow.count() < 0 ? nanoseconds::max() : slow;
    if (sampled.count() > 0) notable_ = std::min(notable_, sampled);
  }

  SlowLog slow_ = {};
  LatencyEvents latency_ = {};
  std::chrono::nanoseconds notable_ = SlowLog().threshold();
};

}  // namespace anabranch::server
