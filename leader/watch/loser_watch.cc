#include "leader/watch/loser_watch.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "core/log.h"

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
  watches_.insert(watch);
  if (end < end_) watch.see(end_);
}

void leader::LoserWatches::leave(LoserWatch::Impl& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
}

// ---- One watch.

LoserWatch::Impl::Impl(std::shared_ptr<leader::Watches> watches,
                       std::shared_ptr<leader::LoserWatches> losers, leader::ReadLosers read,
                       OnLosers function)
    : NotifierOf(std::move(watches), "a watch of losers", std::move(function)),
      losers_(std::move(losers)),
      read_(std::move(read)) {}

void LoserWatch::Impl::begin_at(rows::ConflictNumber first) {
  const std::lock_guard lock(mutex_);
  next_ = end_ = first;
}

void LoserWatch::Impl::see(rows::ConflictNumber end) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  end_ = end;
  schedule();
}

bool LoserWatch::Impl::take_next() {
  if (next_ == end_) return false;
  entry_ = next_++;
  return true;
}

void LoserWatch::Impl::do_next() {
  try {
    const std::optional<std::vector<Loser>> losers = read_(entry_);
    note_missed(losers.has_value());
    if (losers && !losers->empty()) tell(*losers);
  } catch (const std::exception& error) {
    core::log_warning(watches_->region,
                      std::string("the conflict log cannot be read: ") + error.what());
  }
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

LoserWatch::LoserWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoserWatch::LoserWatch(LoserWatch&&) noexcept = default;

LoserWatch& LoserWatch::operator=(LoserWatch&& other) noexcept {
  end();
  impl_ = std::move(other.impl_);
  return *this;
}

LoserWatch::~LoserWatch() { end(); }

void LoserWatch::end() { leader::Notifier::end(std::move(impl_)); }

}  // namespace anabranch
