// The clock and the log for alarms about functions between concurrent values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "core/log.h"
#include "rows/hooks/hook_alarms.h"

namespace anabranch::leader {

// `now_us` reads a steady clock; lines of the log begin with the name of the region.
inline rows::HookAlarms::Outside outside_of_hooks(const std::string& region,
                                                  std::function<std::int64_t()> now_us) {
  return {.now_us = std::move(now_us),
          .warn = [region](const std::string& line) { core::log_warning(region, line); }};
}

}  // namespace anabranch::leader
