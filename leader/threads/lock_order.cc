#include "leader/threads/lock_order.h"

#include "core/assert.h"

namespace anabranch::leader {

namespace {

using lock_order::Held;

// The lock that this thread has taken last of those that it holds.
constinit thread_local Held* innermost = nullptr;

template <typename Condition>
bool holds_any(const Condition& condition) {
  for (const Held* each = innermost; each != nullptr; each = each->outer) {
    if (condition(*each)) return true;
  }
  return false;
}

}  // namespace

bool lock_order::may_take(LockRank rank, StoreId store) {
  return !holds_any([&](const Held& each) { return each.store == store && each.rank >= rank; });
}

bool lock_order::holds(LockRank rank, StoreId store) {
  return holds_any([&](const Held& each) { return each.store == store && each.rank == rank; });
}

void lock_order::took(Held& lock) {
  lock.outer = innermost;
  innermost = &lock;
}

void lock_order::gave_back(Held& lock) {
  Held** link = &innermost;
  while (*link != nullptr && *link != &lock) link = &(*link)->outer;
  ANABRANCH_ASSERT(*link != nullptr);
  *link = lock.outer;
}

void OrderedMutex::lock() {
  ANABRANCH_ASSERT(lock_order::may_take(held_.rank, held_.store));
  mutex_.lock();
  lock_order::took(held_);
}

bool OrderedMutex::try_lock() {
  if (lock_order::holds(held_.rank, held_.store) || !mutex_.try_lock()) return false;
  lock_order::took(held_);
  return true;
}

void OrderedMutex::unlock() {
  lock_order::gave_back(held_);
  mutex_.unlock();
}

}  // namespace anabranch::leader
