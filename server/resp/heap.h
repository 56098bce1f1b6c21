// Returns memory to the system that large commands have left unused.
//
// Freed memory stays with the allocator for a while, or, with that of the C library, for as long as
// one block behind it is used. Returning it takes some milliseconds for a gigabyte, and returned
// pages cost page faults when they are needed again. So it is returned when the loop is idle, at
// most every few seconds, and only if much memory is unused; on a server that is never idle, every
// half minute, or every second while clients are closed for lack of memory. Within a minute after a
// burst its memory is back with the system.
#pragma once

#include <chrono>
#include <cstdint>

#include "server/steady_clock.h"

namespace anabranch::server {

class Heap {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // Called after each turn; `worked`: the turn ran commands, `idle`: the next one has no work yet.
  // Returns the time until this should be called again; `most` if it does not matter.
  Milliseconds tidy(bool worked, bool idle, Milliseconds most);

  // Notes that large blocks were freed while memory is short.
  void hurry() { hurried_ = true; }

  [[nodiscard]] std::uint64_t times_trimmed() const { return trimmed_; }

 private:
  SteadyTime looked_ = steady_now();
  bool worked_ = false;  // Since the last look.
  bool hurried_ = false;
  std::uint64_t trimmed_ = 0;
};

}  // namespace anabranch::server
