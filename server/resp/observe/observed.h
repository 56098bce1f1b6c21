// All that is noted of commands.
#pragma once

#include <cstdint>

#include "server/resp/observe/command_counts.h"
#include "server/resp/observe/latency_events.h"
#include "server/resp/observe/rate.h"
#include "server/resp/observe/slow_log.h"

namespace anabranch::server {

struct Observed {
  CommandCounts commands = {};
  ErrorCounts errors = {};
  SlowLog slow = {};
  LatencyEvents latency = {};
  Rate commands_rate = {};
  Rate in_rate = {};
  Rate out_rate = {};
  std::uint64_t hits = 0;    // Keys that reads have found...
  std::uint64_t misses = 0;  // ...and not found.

  // Forgets what CONFIG RESETSTAT forgets.
  void reset_counts() {
    commands.reset();
    errors.reset();
    commands_rate.reset();
    in_rate.reset();
    out_rate.reset();
    hits = misses = 0;
  }
};

}  // namespace anabranch::server
