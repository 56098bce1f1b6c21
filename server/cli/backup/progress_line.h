// How far long work is: one line on standard error that is written over, if that is a terminal.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/steady_clock.h"

namespace anabranch::server::cli {

class ProgressLine {
 public:
  ProgressLine();
  // Removes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // "writing: 61 %, 1220000 of 2000000 entries, 120.0 MiB"; at most ten times a second. A total of
  // 0 is unknown.
  void show(std::string_view stage, std::uint64_t done, std::uint64_t total, std::uint64_t bytes);

 private:
  const bool shown_;  // Whether there is a terminal.
  bool any_ = false;
  SteadyTime next_ = {};
};

}  // namespace anabranch::server::cli
