#include "leader/watch/notifier.h"

#include <exception>
#include <mutex>
#include <string>

#include "core/log.h"
#include "leader/threads/after_transaction.h"

namespace anabranch::leader {

Notifier::Notifier(std::shared_ptr<Watches> watches, std::string_view kind)
    : watches_(std::move(watches)), mutex_(LockRank::kWatch, watches_->store), kind_(kind) {}

void Notifier::schedule() {
  if (!std::exchange(scheduled_, true)) watches_->threads.add(shared_from_this());
}

bool Notifier::turn() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !take_next()) return scheduled_ = false;
    runner_ = std::this_thread::get_id();
  }
  do_next();
  const std::lock_guard lock(mutex_);
  runner_ = {};
  rested_.notify_all();
  return scheduled_ = goes_on();
}

void Notifier::call(const std::function<void()>& function) {
  const auto warn = [&](const std::string& thrown) {
    core::log_warning(
        watches_->region,
        std::string("the function of ").append(kind_).append(" has thrown").append(thrown));
  };
  try {
    return function();
  } catch (const std::exception& error) {
    warn(std::string(": ") + error.what());
  } catch (...) {
    warn(" something");
  }
  ++watches_->thrown;
}

void Notifier::end(std::shared_ptr<Notifier> notifier) {
  if (!notifier) return;
  if (notifier->process_.here()) return notifier->stop();
  OpeningProcess::keep(std::move(notifier));
}

void Notifier::stop() {
  bool runs_elsewhere = false;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    empty_queue();
    runs_elsewhere = runner_ != std::thread::id() && runner_ != std::this_thread::get_id();
  }
  // The running function may be waiting for the transaction of this thread.
  const auto wait = [self = weak_from_this().lock()](bool /*committed*/) { self->wait_for_rest(); };
  if (runs_elsewhere && AfterTransaction::defer(watches_->store, wait)) return;
  wait_for_rest();
}

void Notifier::wait_for_rest() {
  {
    std::unique_lock lock(mutex_);
    if (runner_ != std::this_thread::get_id()) {
      rested_.wait(lock, [&] { return runner_ == std::thread::id(); });
      lock.unlock();
      drop_function();
    }
  }
  leave();  // A turn may have joined the source until now.
}

}  // namespace anabranch::leader
