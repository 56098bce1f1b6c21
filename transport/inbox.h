// The inbox: events on their way from the thread that reads the sockets to the caller of receive().
//
// Invariants: 1. the descriptor is readable while events wait, and from poke() to take(); 2. full()
// turns true above kBytesMax and false again at half of it, so that its owner does not start and
// stop all the time. A full inbox still accepts events: its owner has to stop handling messages.
// All functions are thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "transport/transport.h"
#include "transport/wake.h"

namespace anabranch::transport {

class Inbox {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

  // Adds events at the end and leaves `events` empty.
  void push(std::vector<Event>& events);
  // Takes the oldest events, about `bytes_max` of them, at least one when there is any. Sets
  // `drained` when the inbox was full and no longer is.
  std::vector<Event> take(std::size_t bytes_max, bool& drained);
  // Wakes the caller of take(), which may find nothing.
  void poke();
  [[nodiscard]] bool full() const;
  [[nodiscard]] int fd() const { return wake_.fd(); }

 private:
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  bool full_ = false;
  Wake wake_;
};

}  // namespace anabranch::transport
