// What was taken from the transport and waits for its turn. Messages of peers cost what their
// senders want: those of one turn end after some milliseconds, so that clients are served between.
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <vector>

#include "transport/transport.h"

namespace anabranch::leader {

class TakenEvents {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20U;
  static constexpr std::chrono::milliseconds kTogetherMax{5};

  // Takes more, once none wait. Returns whether any wait.
  bool take(transport::Transport& transport) {
    if (!waiting_.empty()) return true;
    std::vector<transport::Event> events = transport.receive(kBytesMax);
    waiting_.assign(std::move_iterator(events.begin()), std::move_iterator(events.end()));
    return !waiting_.empty();
  }
  // Hands events to a function, oldest first, until `now`, the reading of a steady clock, says that
  // the time is over; one at least. Returns whether more wait.
  template <typename Function, typename Clock>
  bool hand_over(const Function& function, const Clock& now) {
    const auto begun = now();
    while (!waiting_.empty()) {
      transport::Event event = std::move(waiting_.front());
      waiting_.pop_front();
      function(event);
      if (now() - begun >= kTogetherMax) break;
    }
    return !waiting_.empty();
  }

 private:
  std::deque<transport::Event> waiting_;
};

}  // namespace anabranch::leader
