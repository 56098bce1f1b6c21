#include "leader/watch/loser_watch.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "core/log.h"
#include "leader/threads/after_transaction.h"

namespace anabranch {

// ---- All watches of a store.

void leader::LoserWatches::look(rows::ConflictNumber end) {
  const std::lock_guard lock(mutex_);
  if (end <= end_) return;
  end_ = end;
  for (LoserWatch::Impl* const watch : watches_) watch->see(end);
}

void leader::LoserWatches::join(LoserWatch::Impl& watch, rows::ConflictNumber end) {
  const std::lock_guard lock(mutex_);
  end_ = std::max(end_, end);
  watch.begin_at(end);
  watches_.insert(&watch);
  number_ = watches_.size();
  if (end < end_) watch.see(end_);
}

void leader::LoserWatches::leave(LoserWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(&watch);
  number_ = watches_.size();
}

// ---- One watch.

LoserWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                       std::shared_ptr<leader::LoserWatches> losers, leader::ReadLosers read,
                       OnLosers function)
    : watches_(std::move(watches)),
      losers_(std::move(losers)),
      read_(std::move(read)),
      function_(std::move(function)),
      mutex_(leader::LockRank::kWatch, watches_->store) {}

void LoserWatch::Impl::begin_at(rows::ConflictNumber first) {
  const std::lock_guard lock(mutex_);
  next_ = end_ = first;
}

void LoserWatch::Impl::see(rows::ConflictNumber end) {
  const std::lock_guard lock(mutex_);
  end_ = end;
  if (!stopped_ && !std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
}

bool LoserWatch::Impl::turn() {
  rows::ConflictNumber entry = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || next_ == end_) return scheduled_ = false;
    entry = next_++;
    runner_ = std::this_thread::get_id();
  }
  try {
    const std::optional<std::vector<Loser>> losers = read_(entry);
    note_missed(losers.has_value());
    if (losers && !losers->empty()) tell(*losers);
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the conflict log cannot be read: ") + error.what());
  }
  const std::lock_guard lock(mutex_);
  runner_ = {};
  rested_.notify_all();
  return true;
}

void LoserWatch::Impl::note_missed(bool is_there) {
  if (!is_there) ++missed_;
  if (!is_there || missed_ == 0) return;
  core::log_warning(
      watches_->region,
      "a watch of losers has missed " + std::to_string(missed_) +
          " entries: the conflict log was full, and dropped them before the function of "
          "the watch had returned from those before");
  missed_ = 0;
}

void LoserWatch::Impl::tell(const std::vector<Loser>& losers) {
  try {
    function_(losers);
    return;
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the function of a watch of losers has thrown: ") + error.what());
  } catch (...) {
    core::log_warning(watches_->region, "the function of a watch of losers has thrown something");
  }
  ++watches_->thrown;
}

void LoserWatch::Impl::stop() {
  losers_->leave(*this);
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

void LoserWatch::Impl::wait_for_rest() {
  OnLosers called;  // Destroyed here, and not by a thread that has a turn left.
  std::unique_lock lock(mutex_);
  if (runner_ == std::this_thread::get_id()) return;
  rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
  called.swap(function_);
  lock.unlock();
}

LoserWatch::LoserWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoserWatch::LoserWatch(LoserWatch&&) noexcept = default;

LoserWatch& LoserWatch::operator=(LoserWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

LoserWatch::~LoserWatch() { end(); }

void LoserWatch::end() {
  if (!impl_) return;
  if (impl_->here()) return impl_->stop();
  leader::OpeningProcess::keep(std::move(impl_));
}

}  // namespace anabranch
