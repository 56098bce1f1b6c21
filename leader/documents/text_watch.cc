#include "leader/documents/text_watch.h"

#include <exception>
#include <mutex>
#include <utility>

#include "core/log.h"
#include "leader/threads/after_transaction.h"

namespace anabranch {

namespace {

std::size_t bytes_of(const TextChange& change) {
  std::size_t bytes = sizeof(change) + change.note.size() + change.token.size();
  for (const TextDelta& each : change.deltas) bytes += sizeof(each) + each.inserted.size();
  return bytes;
}

}  // namespace

TextWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                      std::weak_ptr<leader::Observed> document, OnTextChange function)
    : watches_(std::move(watches)),
      document_(std::move(document)),
      function_(std::move(function)),
      mutex_(leader::LockRank::kWatch, watches_->store) {}

TextWatch::Impl::~Impl() { watches_->queued_bytes -= queued_bytes_; }

void TextWatch::Impl::stop() {
  if (const auto document = document_.lock()) document->leave(*this);
  bool runs_elsewhere = false;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    empty_queue();
    runs_elsewhere = runner_ != std::thread::id() && runner_ != std::this_thread::get_id();
  }
  // The running function may be waiting for the transaction of this thread.
  const auto wait = [self = shared_from_this()](bool /*kept*/) { self->wait_for_rest(); };
  if (runs_elsewhere && leader::AfterTransaction::defer(watches_->store, wait)) return;
  wait_for_rest();
}

void TextWatch::Impl::wait_for_rest() {
  OnTextChange called;  // Destroyed here, and not by a thread that has a turn left.
  std::unique_lock lock(mutex_);
  if (runner_ == std::this_thread::get_id()) return;
  rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
  called.swap(function_);
  lock.unlock();
}

// ---- Called by the document.

void TextWatch::Impl::begin(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  size_ = size;
}

void TextWatch::Impl::put(const TextChange& change) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || dropped_) return;
  const std::size_t bytes = bytes_of(change);
  const bool full = queue_.size() >= kQueuedMax || queued_bytes_ + bytes > kQueuedBytesMax ||
                    watches_->queued_bytes + bytes > leader::Watches::kQueuedBytesMax;
  // An empty queue takes a change of any size.
  if (full && !queue_.empty()) {
    empty_queue();
    dropped_ = true;
    ++watches_->dropped;
    schedule();
    return;
  }
  push(change);
}

void TextWatch::Impl::wake() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  woken_ = true;
  schedule();
}

bool TextWatch::Impl::wants_text() const {
  const std::lock_guard lock(mutex_);
  return dropped_ && !stopped_;
}

void TextWatch::Impl::restart(std::string text, std::uint64_t size, std::string token) {
  const std::lock_guard lock(mutex_);
  dropped_ = false;
  if (stopped_) return;
  TextChange change;
  change.deltas = {{0, size_, std::move(text)}};
  change.size = size;
  change.anew = true;
  change.token = std::move(token);
  push(std::move(change));
}

void TextWatch::Impl::push(TextChange change) {
  const std::size_t bytes = bytes_of(change);
  queued_bytes_ += bytes;
  watches_->queued_bytes += bytes;
  queue_.push_back(std::move(change));
  schedule();
}

void TextWatch::Impl::empty_queue() {
  watches_->queued_bytes -= std::exchange(queued_bytes_, 0);
  queue_.clear();
}

void TextWatch::Impl::schedule() {
  if (!std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
}

std::optional<TextChange> TextWatch::Impl::take_first() {
  if (queue_.empty()) return std::nullopt;
  TextChange first = std::move(queue_.front());
  queue_.pop_front();
  const std::size_t bytes = bytes_of(first);
  queued_bytes_ -= bytes;
  watches_->queued_bytes -= bytes;
  size_ = first.size;
  return first;
}

// ---- Run by the call threads.

bool TextWatch::Impl::turn() {
  std::optional<TextChange> change;
  {
    const std::lock_guard lock(mutex_);
    const bool woken = std::exchange(woken_, false);
    change = take_first();
    woken_ = woken && change;  // For the next turn.
    if (stopped_ || (!change && !woken && !dropped_)) return scheduled_ = false;
    runner_ = std::this_thread::get_id();
  }
  bool waits = false;
  if (change) {
    tell(*change);
    change.reset();
  } else if (const auto document = document_.lock()) {
    document->catch_up(*this);
    waits = true;
  }
  const std::lock_guard lock(mutex_);
  runner_ = {};
  rested_.notify_all();
  // A document that cannot be read now wakes its observers when it can.
  if (waits && queue_.empty() && !woken_) return scheduled_ = false;
  return true;
}

void TextWatch::Impl::tell(const TextChange& change) {
  try {
    function_(change);
    return;
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the function of an observer has thrown: ") + error.what());
  } catch (...) {
    core::log_warning(watches_->region, "the function of an observer has thrown something");
  }
  ++watches_->thrown;
}

TextWatch::TextWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextWatch::TextWatch(TextWatch&&) noexcept = default;

TextWatch& TextWatch::operator=(TextWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

TextWatch::~TextWatch() { end(); }

void TextWatch::end() {
  if (!impl_) return;
  if (impl_->here()) return impl_->stop();
  leader::OpeningProcess::keep(std::move(impl_));
}

}  // namespace anabranch
