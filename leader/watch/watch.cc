#include "leader/watch/watch.h"

#include <utility>

#include "core/log.h"
#include "leader/threads/after_transaction.h"

namespace anabranch {

using leader::LogCursor;
using leader::Told;

WatchesStatus leader::Watches::status() const {
  const LogReader::Counts read = reader->counts();
  const CallThreads::Counts calls = threads.counts();
  WatchesStatus status;
  status.watches = read.watches;
  status.documents = read.documents;
  status.behind = read.behind;
  status.lost = read.lost + dropped;
  status.failed = read.failed;
  status.slow = calls.slow;
  status.ever_slow = calls.ever_slow;
  status.thrown = thrown;
  return status;
}

Watch::Impl::Impl(std::shared_ptr<leader::Watches> watches, std::string prefix, OnChanges function)
    : watches_(std::move(watches)),
      prefix_(std::move(prefix)),
      function_(std::move(function)),
      mutex_(leader::LockRank::kWatch, watches_->store) {}

Watch::Impl::~Impl() { watches_->queued_bytes -= queued_bytes_; }

void Watch::Impl::begin(const std::optional<core::VersionVector>& seen) {
  if (seen) {
    watches_->reader->listen(*this, *seen);
  } else {
    watches_->reader->listen(*this);
  }
}

void Watch::Impl::stop() {
  bool runs_elsewhere = false;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    empty_queue();
    runs_elsewhere = runner_ != std::thread::id() && runner_ != std::this_thread::get_id();
  }
  // The running function may be waiting for the transaction of this thread.
  const auto wait = [self = shared_from_this()](bool /*committed*/) { self->wait_for_rest(); };
  if (runs_elsewhere && leader::AfterTransaction::defer(watches_->store, wait)) return;
  wait_for_rest();
}

void Watch::Impl::wait_for_rest() {
  OnChanges called;  // Destroyed here, and not by a thread that has a turn left.
  {
    std::unique_lock lock(mutex_);
    if (runner_ != std::this_thread::get_id()) {
      rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
      called.swap(function_);
    }
  }
  watches_->reader->leave(*this);  // A turn may have joined the reader until now.
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

void Watch::Impl::schedule() {
  if (!std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
}

std::optional<Changes> Watch::Impl::take_first() {
  if (queue_.empty()) return std::nullopt;
  Queued first = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= first.bytes;
  watches_->queued_bytes -= first.bytes;
  return std::move(first.changes);
}

// ---- Run by the call threads.

bool Watch::Impl::turn() {
  std::optional<Changes> changes;
  {
    const std::lock_guard lock(mutex_);
    changes = take_first();
    if (stopped_ || (!changes && !behind_)) return scheduled_ = false;
    runner_ = std::this_thread::get_id();
  }
  bool with_reader = false;
  if (changes) {
    tell(*changes);
    changes.reset();
  } else {
    with_reader = watches_->reader->catch_up(*this, *behind_);
  }
  const std::lock_guard lock(mutex_);
  if (with_reader) behind_.reset();
  runner_ = {};
  rested_.notify_all();
  return true;
}

void Watch::Impl::tell(const Changes& changes) {
  try {
    function_(changes);
    return;
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the function of a watch has thrown: ") + error.what());
  } catch (...) {
    core::log_warning(watches_->region, "the function of a watch has thrown something");
  }
  ++watches_->thrown;
}

Watch::Watch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;

Watch& Watch::operator=(Watch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

Watch::~Watch() { end(); }

void Watch::end() {
  if (!impl_) return;
  if (impl_->here()) return impl_->stop();
  leader::OpeningProcess::keep(std::move(impl_));
}

}  // namespace anabranch
