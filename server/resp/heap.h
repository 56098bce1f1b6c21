// Gives memory back to the system that large commands have left unused.
//
// Freed memory stays with the allocator: it gives back only what lies at the end of the heap, and
// one small block behind a gap of a gigabyte keeps all of it. malloc_trim gives back the pages in
// between. It goes through all free blocks, some milliseconds for a gigabyte, and what is given
// back costs page faults when it is needed again. So it is done when the loop has nothing to do, at
// most every few seconds, and only if much is unused; on a server that always has something to do,
// every half a minute, or every second while clients are closed since memory is short. Within a
// minute after a burst its memory is the system's again.
#pragma once

#include <chrono>
#include <cstdint>

#include "server/steady_clock.h"

namespace anabranch::server {

class Heap {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // A turn is over; `worked`: commands were run in it, `idle`: nothing waits for the next one.
  // Returns within what time this should be called again; `most` when that does not matter.
  Milliseconds tidy(bool worked, bool idle, Milliseconds most);

  // Large pieces were freed while memory is short.
  void hurry() { hurried_ = true; }

  [[nodiscard]] std::uint64_t times_trimmed() const { return trimmed_; }

 private:
  SteadyTime looked_ = steady_now();
  bool worked_ = false;  // Since it looked last.
  bool hurried_ = false;
  std::uint64_t trimmed_ = 0;
};

}  // namespace anabranch::server
