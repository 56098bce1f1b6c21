// Captures the lines that this process logs, of all importance.
#pragma once

#include <string>

#include <anabranch/log.h>

#include "tests/printed.h"

namespace anabranch::test {

// The lines that `write` logs.
template <typename Write>
std::string logged(const Write& write) {
  set_log_level(LogLevel::kInfo);
  std::string lines = printed(write);
  set_log_level(LogLevel::kWarning);
  return lines;
}

}  // namespace anabranch::test
