#include "transport/apart_inbox.h"

#include <utility>

namespace anabranch::transport {

bool ApartInbox::push(Event event) {
  const std::size_t size = event.body.size();
  if (size > kBodyBytesMax) return false;
  const std::lock_guard lock{mutex_};
  if (bytes_ + size > kBytesMax) return false;
  std::size_t& waiting = of_link_[event.link];
  if (waiting >= kOfLinkMax) return false;
  ++waiting;
  bytes_ += size;
  if (events_.empty()) wake_.signal();
  events_.push_back(std::move(event));
  return true;
}

std::vector<Event> ApartInbox::take(std::size_t most) {
  std::vector<Event> taken;
  const std::lock_guard lock{mutex_};
  while (!events_.empty() && taken.size() < most) {
    taken.push_back(std::move(events_.front()));
    events_.pop_front();
    bytes_ -= taken.back().body.size();
    const auto at = of_link_.find(taken.back().link);
    if (--at->second == 0) of_link_.erase(at);
  }
  if (events_.empty()) wake_.reset();
  return taken;
}

}  // namespace anabranch::transport
