#include "leader/watch/watch.h"

#include <utility>

namespace anabranch {

using leader::LogCursor;
using leader::Told;

Watch::Impl::Impl(std::shared_ptr<leader::Watches> watches, std::string prefix, OnChanges function)
    : NotifierOf(std::move(watches), "a watch", std::move(function)), prefix_(std::move(prefix)) {}

Watch::Impl::~Impl() { watches_->queued_bytes -= queued_bytes_; }

void Watch::Impl::begin(const std::optional<core::VersionVector>& seen) {
  if (seen) {
    watches_->reader->listen(*this, *seen);
  } else {
    watches_->reader->listen(*this);
  }
}

// ---- Called by the reader.

bool Watch::Impl::take(std::vector<Told>& told) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return true;
  std::size_t bytes = queued_bytes_;
  for (const Told& each : told) bytes += leader::bytes_of(each.changes);
  const std::size_t all = watches_->queued_bytes + bytes - queued_bytes_;
  const bool full = queue_.size() + told.size() > kQueuedMax || bytes > kQueuedBytesMax ||
                    all > leader::Watches::kQueuedBytesMax;
  // An empty queue takes a batch of any size.
  if (full && !queue_.empty() && !behind_) return false;
  for (Told& each : told) put(std::move(each.changes));
  return true;
}

void Watch::Impl::fall_behind(LogCursor cursor) {
  const std::lock_guard lock(mutex_);
  behind_.emplace(std::move(cursor));
  schedule();
}

void Watch::Impl::lose(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  empty_queue();
  Changes changes;
  changes.resync = true;
  changes.token = token;
  put(std::move(changes));
}

void Watch::Impl::put(Changes changes) {
  const std::size_t bytes = leader::bytes_of(changes);
  queued_bytes_ += bytes;
  watches_->queued_bytes += bytes;
  queue_.push_back({std::move(changes), bytes});
  schedule();
}

void Watch::Impl::empty_queue() {
  watches_->queued_bytes -= std::exchange(queued_bytes_, 0);
  queue_.clear();
}

// ---- Run by the call threads.

bool Watch::Impl::take_next() {
  if (queue_.empty()) return behind_.has_value();
  next_ = std::move(queue_.front().changes);
  const std::size_t bytes = queue_.front().bytes;
  queue_.pop_front();
  queued_bytes_ -= bytes;
  watches_->queued_bytes -= bytes;
  return true;
}

void Watch::Impl::do_next() {
  if (next_) {
    tell(*next_);
    next_.reset();
  } else {
    with_reader_ = watches_->reader->catch_up(*this, *behind_);
  }
}

bool Watch::Impl::goes_on() {
  if (std::exchange(with_reader_, false)) behind_.reset();
  return true;
}

Watch::Watch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;

Watch& Watch::operator=(Watch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

Watch::~Watch() { end(); }

void Watch::end() { leader::Notifier::end(std::move(impl_)); }

}  // namespace anabranch
