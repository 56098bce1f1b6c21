#include "leader/threads/writer_lock.h"

#include <chrono>

#include "core/assert.h"

namespace anabranch::leader {

namespace {

constexpr std::chrono::milliseconds kAskForHope{20};

}  // namespace

// Call under the mutex.
void WriterLock::take_over() {
  taken_ = true;
  lock_order::took(held_);
  one_less_waits();
}

void WriterLock::one_less_waits() {
  --waiting_;
  ++waited_;
  waited_.notify_all();
}

void WriterLock::enter() {
  ANABRANCH_ASSERT(lock_order::may_take(held_.rank, held_.store));
  std::unique_lock lock(mutex_);
  ++waiting_;
  freed_.wait(lock, [&] { return !taken_; });
  take_over();
}

// A thread that gives up counts as waiting until then: the mutex is held, so that no holder leaves
// the lock to it.
bool WriterLock::enter_unless(const std::function<bool()>& hopeless) {
  ANABRANCH_ASSERT(lock_order::may_take(held_.rank, held_.store));
  std::unique_lock lock(mutex_);
  ++waiting_;
  while (!freed_.wait_for(lock, kAskForHope, [&] { return !taken_; })) {
    if (!hopeless()) continue;
    one_less_waits();
    return false;
  }
  take_over();
  return true;
}

void WriterLock::leave() {
  lock_order::gave_back(held_);
  const std::lock_guard lock(mutex_);
  taken_ = false;
  if (waiting_ > 0) freed_.notify_one();
}

bool WriterLock::leave_to_others() {
  const std::lock_guard lock(mutex_);
  if (waiting_ == 0) return false;
  lock_order::gave_back(held_);
  taken_ = false;
  freed_.notify_one();
  return true;
}

void WriterLock::let_one_in() {
  // Read first: a thread that waits later increments it later.
  const std::uint32_t seen = waited_;
  if (waiting_ > 0) waited_.wait(seen);
}

}  // namespace anabranch::leader
