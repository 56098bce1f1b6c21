#include "leader/threads/lock_order.h"

#include <algorithm>
#include <vector>

#include "core/assert.h"

namespace anabranch::leader {

namespace {

struct Held {
  LockRank rank;
  StoreId store;
  bool operator==(const Held&) const = default;
};

std::vector<Held>& held() {
  thread_local std::vector<Held> locks;
  return locks;
}

}  // namespace

bool lock_order::may_take(LockRank rank, StoreId store) {
  return std::ranges::none_of(
      held(), [&](const Held& each) { return each.store == store && each.rank >= rank; });
}

bool lock_order::holds(LockRank rank, StoreId store) {
  return std::ranges::find(held(), Held{rank, store}) != held().end();
}

void lock_order::took(LockRank rank, StoreId store) { held().push_back({rank, store}); }

void lock_order::gave_back(LockRank rank, StoreId store) {
  const auto last = std::find(held().rbegin(), held().rend(), Held{rank, store});
  ANABRANCH_ASSERT(last != held().rend());
  held().erase(std::next(last).base());
}

void OrderedMutex::lock() {
  ANABRANCH_ASSERT(lock_order::may_take(rank_, store_));
  mutex_.lock();
  lock_order::took(rank_, store_);
}

bool OrderedMutex::try_lock() {
  if (lock_order::holds(rank_, store_) || !mutex_.try_lock()) return false;
  lock_order::took(rank_, store_);
  return true;
}

void OrderedMutex::unlock() {
  lock_order::gave_back(rank_, store_);
  mutex_.unlock();
}

}  // namespace anabranch::leader
