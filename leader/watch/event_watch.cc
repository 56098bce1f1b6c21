#include "leader/watch/event_watch.h"

#include <mutex>
#include <utility>

#include "leader/watch/event_finder.h"

namespace anabranch {

// ---- All watches of a store.

bool leader::EventWatches::due() const {
  if (watches_.number() == 0) return false;
  const std::lock_guard lock(mutex_);
  return Clock::now() - looked_ >= kPause;
}

void leader::EventWatches::look(const StoreStatus& status, rows::ConflictNumber losers) {
  const std::lock_guard lock(mutex_);
  looked_ = Clock::now();
  std::vector<Event> events = events_between(status_, status);
  if (losers > losers_) {
    events.push_back({.kind = Event::Kind::kConflicts, .done = losers - losers_});
  }
  status_ = status;
  losers_ = losers;
  if (events.empty()) return;
  for (EventWatch::Impl* const watch : watches_) watch->take(events);
}

void leader::EventWatches::join(EventWatch::Impl& watch, const StoreStatus& status,
                                rows::ConflictNumber losers) {
  const std::lock_guard lock(mutex_);
  if (watches_.number() == 0) {
    status_ = status;
    losers_ = losers;
  }
  watches_.insert(watch);
}

void leader::EventWatches::leave(EventWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
}

// ---- One watch.

EventWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                       std::shared_ptr<leader::EventWatches> events, OnEvent function)
    : NotifierOf(std::move(watches), "a watch of events", std::move(function)),
      events_(std::move(events)) {}

void EventWatch::Impl::take(const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  for (const Event& event : events) {
    if (queue_.size() == kQueuedMax) {
      ++missed_;
      continue;
    }
    queue_.push_back(event);
    queue_.back().missed = std::exchange(missed_, 0);
  }
  schedule();
}

bool EventWatch::Impl::take_next() {
  if (queue_.empty()) return false;
  next_ = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

EventWatch::EventWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventWatch::EventWatch(EventWatch&&) noexcept = default;

EventWatch& EventWatch::operator=(EventWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

EventWatch::~EventWatch() { end(); }

void EventWatch::end() { leader::Notifier::end(std::move(impl_)); }

}  // namespace anabranch
