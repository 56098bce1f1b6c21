#include "leader/documents/text_watch.h"

#include <mutex>
#include <utility>

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
    : NotifierOf(std::move(watches), "an observer", std::move(function)),
      document_(std::move(document)) {}

TextWatch::Impl::~Impl() { watches_->queued_bytes -= queued_bytes_; }

void TextWatch::Impl::leave() {
  if (const auto document = document_.lock()) document->leave(*this);
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

// ---- Run by the call threads.

bool TextWatch::Impl::take_next() {
  if (queue_.empty()) return std::exchange(woken_, false) || dropped_;
  next_ = std::move(queue_.front());
  queue_.pop_front();
  const std::size_t bytes = bytes_of(*next_);
  queued_bytes_ -= bytes;
  watches_->queued_bytes -= bytes;
  size_ = next_->size;
  return true;
}

void TextWatch::Impl::do_next() {
  if (next_) {
    tell(*next_);
    next_.reset();
  } else {
    if (const auto document = document_.lock()) document->catch_up(*this);
    waits_ = true;
  }
}

bool TextWatch::Impl::goes_on() {
  // A document that cannot be read now wakes its observers when it can.
  return !(std::exchange(waits_, false) && queue_.empty() && !woken_);
}

TextWatch::TextWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextWatch::TextWatch(TextWatch&&) noexcept = default;

TextWatch& TextWatch::operator=(TextWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

TextWatch::~TextWatch() { end(); }

void TextWatch::end() { leader::Notifier::end(std::move(impl_)); }

}  // namespace anabranch
