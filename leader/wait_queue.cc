#include "leader/wait_queue.h"

#include <utility>

#include <anabranch/error.h>

namespace anabranch::leader {

namespace {

[[noreturn]] void closed() {
  throw Error(ErrorCode::kClosed, "the store was closed while a call was waiting");
}

}  // namespace

WaitQueue::Waiter::Waiter(WaitQueue& queue, Holds holds) : queue_(queue), holds_(std::move(holds)) {
  const std::lock_guard lock(queue_.mutex_);
  if (queue_.closed_) closed();
  queue_.waiters_.push_back(this);
}

WaitQueue::Waiter::~Waiter() {
  const std::lock_guard lock(queue_.mutex_);
  queue_.waiters_.remove(this);
  queue_.changed_.notify_all();
}

bool WaitQueue::Waiter::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(queue_.mutex_);
  queue_.changed_.wait_for(lock, timeout, [&] { return held_ || queue_.closed_; });
  if (!held_ && queue_.closed_) closed();
  return held_;
}

void WaitQueue::look(Leader& leader) {
  const std::lock_guard lock(mutex_);
  bool any = false;
  for (Waiter* const waiter : waiters_) {
    if (!waiter->held_) any |= waiter->held_ = waiter->holds_(leader);
  }
  if (any) changed_.notify_all();
}

void WaitQueue::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return waiters_.empty(); });
}

}  // namespace anabranch::leader
