#include "leader/watch/listener.h"

#include <exception>
#include <utility>

#include "core/log.h"
#include "leader/threads/after_transaction.h"

namespace anabranch {

namespace {

std::size_t bytes_of(const PresenceMessage& message) {
  return sizeof(message) + message.channel.size() + message.body.size() + message.region.size();
}

}  // namespace

// ---- All listeners of a store.

void leader::Listeners::tell(PresenceMessage message) {
  if (number_ == 0) return;
  const auto shared = std::make_shared<const PresenceMessage>(std::move(message));
  const std::lock_guard lock(mutex_);
  for (Listener::Impl* const listener : listeners_) {
    if (listener->hears(shared->channel)) missed_ += listener->take(shared);
  }
}

void leader::Listeners::join(Listener::Impl& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.insert(&listener);
  number_ = listeners_.size();
}

void leader::Listeners::leave(Listener::Impl& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(&listener);
  number_ = listeners_.size();
}

// ---- One listener.

Listener::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                     std::shared_ptr<leader::Listeners> listeners, std::string prefix,
                     OnPresence function)
    : watches_(std::move(watches)),
      listeners_(std::move(listeners)),
      prefix_(std::move(prefix)),
      function_(std::move(function)),
      mutex_(leader::LockRank::kWatch, watches_->store) {}

std::uint64_t Listener::Impl::take(const std::shared_ptr<const PresenceMessage>& message) {
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
  if (!std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
  return dropped;
}

bool Listener::Impl::turn() {
  std::shared_ptr<const PresenceMessage> message;
  std::uint64_t missed = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || queue_.empty()) return scheduled_ = false;
    message = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= bytes_of(*message);
    missed = std::exchange(missed_, 0);
    runner_ = std::this_thread::get_id();
  }
  if (missed == 0) {
    tell(*message);
  } else {
    PresenceMessage after_gap = *message;
    after_gap.missed = missed;
    tell(after_gap);
  }
  message.reset();
  const std::lock_guard lock(mutex_);
  runner_ = {};
  rested_.notify_all();
  return true;
}

void Listener::Impl::tell(const PresenceMessage& message) {
  try {
    function_(message);
    return;
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the function of a listener has thrown: ") + error.what());
  } catch (...) {
    core::log_warning(watches_->region, "the function of a listener has thrown something");
  }
  ++watches_->thrown;
}

void Listener::Impl::stop() {
  listeners_->leave(*this);
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

void Listener::Impl::wait_for_rest() {
  OnPresence called;  // Destroyed here, and not by a thread that has a turn left.
  std::unique_lock lock(mutex_);
  if (runner_ == std::this_thread::get_id()) return;
  rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
  called.swap(function_);
  lock.unlock();
}

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::Listener(Listener&&) noexcept = default;

Listener& Listener::operator=(Listener&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

Listener::~Listener() { end(); }

void Listener::end() {
  if (!impl_) return;
  if (impl_->here()) return impl_->stop();
  leader::OpeningProcess::keep(std::move(impl_));
}

}  // namespace anabranch
