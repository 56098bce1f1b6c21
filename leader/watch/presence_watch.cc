#include "leader/watch/presence_watch.h"

#include <mutex>
#include <utility>

namespace anabranch {

namespace {

std::size_t bytes_of(const PresenceMessage& message) {
  return sizeof(message) + message.channel.size() + message.body.size() + message.region.size();
}

}  // namespace

// ---- All watches of presence of a store.

void leader::PresenceWatches::tell(PresenceMessage message) {
  if (number() == 0) return;
  const auto shared = std::make_shared<const PresenceMessage>(std::move(message));
  const std::lock_guard lock(mutex_);
  for (PresenceWatch::Impl* const watch : watches_) {
    if (watch->hears(shared->channel)) missed_ += watch->take(shared);
  }
}

void leader::PresenceWatches::join(PresenceWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.insert(watch);
}

void leader::PresenceWatches::leave(PresenceWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
}

// ---- One watch.

PresenceWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                          std::shared_ptr<leader::PresenceWatches> presence, std::string prefix,
                          OnPresence function)
    : NotifierOf(std::move(watches), "a watch of presence", std::move(function)),
      presence_(std::move(presence)),
      prefix_(std::move(prefix)) {}

std::uint64_t PresenceWatch::Impl::take(const std::shared_ptr<const PresenceMessage>& message) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return 0;
  queue_.push_back(message);
  queued_bytes_ += bytes_of(*message);
  std::uint64_t dropped = 0;
  for (; queue_.size() > kQueuedMax || queued_bytes_ > kQueuedBytesMax; ++dropped) {
    queued_bytes_ -= bytes_of(*queue_.front());
    queue_.pop_front();
  }
  missed_ += dropped;
  schedule();
  return dropped;
}

void PresenceWatch::Impl::empty_queue() {
  queue_.clear();
  queued_bytes_ = 0;
}

bool PresenceWatch::Impl::take_next() {
  if (queue_.empty()) return false;
  next_ = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= bytes_of(*next_);
  missed_before_next_ = std::exchange(missed_, 0);
  return true;
}

void PresenceWatch::Impl::do_next() {
  if (missed_before_next_ == 0) {
    tell(*next_);
  } else {
    PresenceMessage after_gap = *next_;
    after_gap.missed = missed_before_next_;
    tell(after_gap);
  }
  next_.reset();
}

PresenceWatch::PresenceWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
PresenceWatch::PresenceWatch(PresenceWatch&&) noexcept = default;

PresenceWatch& PresenceWatch::operator=(PresenceWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

PresenceWatch::~PresenceWatch() { end(); }

void PresenceWatch::end() { leader::Notifier::end(std::move(impl_)); }

}  // namespace anabranch
