// The clock and the log for alarms about functions between concurrent values.
#pragma once

#include <chrono>
#include <string>

#include "core/log.h"
#include "rows/hooks/hook_alarms.h"

namespace anabranch::leader {

// Lines of the log begin with the name of the region.
inline rows::HookAlarms::Outside outside_of_hooks(const std::string& region) {
  return {.now_us =
              [] {
                return std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::steady_clock::now().time_since_epoch())
                    .count();
              },
          .warn = [region](const std::string& line) { core::log_warning(region, line); }};
}

}  // namespace anabranch::leader
