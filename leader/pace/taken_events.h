// What was taken from the transport and waits for its turn. Messages of peers cost what their
// senders want: those of one turn end after some milliseconds, so that clients are served between.
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "transport/transport.h"

namespace anabranch::leader {

class TakenEvents {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20U;
  static constexpr std::chrono::milliseconds kTogetherMax{5};

  // Takes more of a transport, once none wait. Returns whether any wait.
  template <typename Transport>
  bool take(Transport& transport) {
    if (next_ < events_.size()) return true;
    std::vector<transport::Event> events = transport.receive(kBytesMax);
    if (events.empty()) return false;
    events_ = std::move(events);
    next_ = 0;
    return true;
  }
  // Returns those that wait, oldest first. As long as none is taken or handed over.
  [[nodiscard]] std::span<const transport::Event> waiting() const {
    return std::span(events_).subspan(next_);
  }
  // Hands events to a function, oldest first, until `now`, the reading of a steady clock, says that
  // the time is over; one at least. Returns whether more wait.
  template <typename Function, typename Clock>
  bool hand_over(const Function& function, const Clock& now) {
    if (next_ == events_.size()) return false;
    const auto begun = now();
    do {
      transport::Event event = std::move(events_[next_]);
      ++next_;
      function(event);
    } while (next_ < events_.size() && now() - begun < kTogetherMax);
    return next_ < events_.size();
  }

 private:
  std::vector<transport::Event> events_;
  std::size_t next_ = 0;  // Those before are handed over.
};

}  // namespace anabranch::leader
