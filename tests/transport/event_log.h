// The events of a transport so far, and waiting for more of them: on the descriptor, with a
// deadline, never by sleeping.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "transport/transport.h"

namespace anabranch::test {

class EventLog {
 public:
  using Event = transport::Event;

  explicit EventLog(transport::Transport& transport) : transport_(transport) {}

  // Waits until an event at or after position `from` satisfies `wanted`. The position behind it, or
  // nothing when none came within `timeout`.
  std::optional<std::size_t> wait(const std::function<bool(const Event&)>& wanted,
                                  std::size_t from = 0,
                                  std::chrono::milliseconds timeout = std::chrono::minutes{2}) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (std::size_t at = from;; ++at) {
      while (at >= events_.size()) {
        if (!take(deadline)) return std::nullopt;
      }
      if (wanted(events_[at])) return at + 1;
    }
  }

  // The link of the first kUp at or after `from`, 0 when none comes.
  transport::LinkId wait_up(std::size_t from = 0) { return wait_link(Event::Kind::kUp, from); }
  // The link of the first kDown at or after `from`, 0 when none comes.
  transport::LinkId wait_down(std::size_t from = 0) { return wait_link(Event::Kind::kDown, from); }
  // Whether a message with this body comes, at or after `from`.
  bool wait_body(const std::string& body, std::size_t from = 0) {
    const auto is_it = [&](const Event& event) {
      return event.kind == Event::Kind::kMessage && event.body == body;
    };
    return wait(is_it, from).has_value();
  }
  // Whether `count` messages have come since the beginning.
  bool wait_messages(std::size_t count) {
    std::size_t seen = 0;
    const auto is_last = [&](const Event& event) {
      return event.kind == Event::Kind::kMessage && ++seen == count;
    };
    return wait(is_last).has_value();
  }

  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  transport::LinkId wait_link(Event::Kind kind, std::size_t from) {
    const auto end = wait([&](const Event& event) { return event.kind == kind; }, from);
    return end ? events_[*end - 1].link : 0;
  }

  // Waits for the descriptor and takes the ready events. Returns false at the deadline.
  bool take(std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wake{transport_.wake_fd(), POLLIN, 0};
    if (::poll(&wake, 1, static_cast<int>(left.count())) <= 0) return false;
    for (Event& event : transport_.receive(std::size_t{1} << 20U)) {
      events_.push_back(std::move(event));
    }
    return true;
  }

  transport::Transport& transport_;
  std::vector<Event> events_;
};

}  // namespace anabranch::test
