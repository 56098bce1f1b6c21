#include "transport/inbox.h"

#include <utility>

namespace anabranch::transport {
namespace {

// Many empty messages take memory too.
std::size_t size_of(const Event& event) { return event.body.size() + sizeof(Event); }

}  // namespace

void Inbox::push(std::vector<Event>& events) {
  if (events.empty()) return;
  const std::lock_guard lock{mutex_};
  if (events_.empty()) wake_.signal();
  for (Event& event : events) {
    bytes_ += size_of(event);
    events_.push_back(std::move(event));
  }
  events.clear();
  full_ = full_ || bytes_ > kBytesMax;
}

std::vector<Event> Inbox::take(std::size_t bytes_max, bool& drained) {
  std::vector<Event> taken;
  std::size_t bytes = 0;
  const std::lock_guard lock{mutex_};
  while (!events_.empty() && (taken.empty() || bytes < bytes_max)) {
    const std::size_t size = size_of(events_.front());
    bytes += size;
    bytes_ -= size;
    taken.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  if (events_.empty()) wake_.reset();
  drained = full_ && bytes_ <= kBytesMax / 2;
  if (drained) full_ = false;
  return taken;
}

void Inbox::poke() {
  const std::lock_guard lock{mutex_};
  wake_.signal();
}

bool Inbox::full() const {
  const std::lock_guard lock{mutex_};
  return full_;
}

}  // namespace anabranch::transport
