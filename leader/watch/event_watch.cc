#include "leader/watch/event_watch.h"

#include <exception>
#include <string>
#include <utility>

#include "core/log.h"
#include "leader/threads/after_transaction.h"
#include "leader/watch/event_finder.h"

namespace anabranch {

// ---- All watches of a store.

bool leader::EventWatches::due() const {
  if (number_.load(std::memory_order_relaxed) == 0) return false;
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
  if (watches_.empty()) {
    status_ = status;
    losers_ = losers;
  }
  watches_.insert(&watch);
  number_ = watches_.size();
}

void leader::EventWatches::leave(EventWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(&watch);
  number_ = watches_.size();
}

// ---- One watch.

EventWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                       std::shared_ptr<leader::EventWatches> events, OnEvent function)
    : watches_(std::move(watches)),
      events_(std::move(events)),
      function_(std::move(function)),
      mutex_(leader::LockRank::kWatch, watches_->store) {}

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
  if (!std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
}

bool EventWatch::Impl::turn() {
  Event event;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || queue_.empty()) return scheduled_ = false;
    event = std::move(queue_.front());
    queue_.pop_front();
    runner_ = std::this_thread::get_id();
  }
  tell(event);
  const std::lock_guard lock(mutex_);
  runner_ = {};
  rested_.notify_all();
  return true;
}

void EventWatch::Impl::tell(const Event& event) {
  try {
    function_(event);
    return;
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the function of a watch of events has thrown: ") + error.what());
  } catch (...) {
    core::log_warning(watches_->region, "the function of a watch of events has thrown something");
  }
  ++watches_->thrown;
}

void EventWatch::Impl::stop() {
  events_->leave(*this);
  bool runs_elsewhere = false;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    runs_elsewhere = runner_ != std::thread::id() && runner_ != std::this_thread::get_id();
  }
  // The running function may be waiting for the transaction of this thread.
  const auto wait = [self = shared_from_this()](bool /*committed*/) { self->wait_for_rest(); };
  if (runs_elsewhere && leader::AfterTransaction::defer(watches_->store, wait)) return;
  wait_for_rest();
}

void EventWatch::Impl::wait_for_rest() {
  OnEvent called;  // Destroyed here, and not by a thread that has a turn left.
  std::unique_lock lock(mutex_);
  if (runner_ == std::this_thread::get_id()) return;
  rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
  called.swap(function_);
  lock.unlock();
}

EventWatch::EventWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventWatch::EventWatch(EventWatch&&) noexcept = default;

EventWatch& EventWatch::operator=(EventWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

EventWatch::~EventWatch() { end(); }

void EventWatch::end() {
  if (!impl_) return;
  if (impl_->here()) return impl_->stop();
  leader::OpeningProcess::keep(std::move(impl_));
}

}  // namespace anabranch
