// The lock of a store's writer: the holder stages, commits and turns the leader. The lock counts
// the waiting threads, since a holder leaves its commit to them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Thread-safe.
class WriterLock {
 public:
  explicit WriterLock(StoreId store) : held_(LockRank::kWriter, store) {}
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  // Whether this thread holds the lock.
  [[nodiscard]] bool mine() const { return lock_order::holds(held_.rank, held_.store); }
  // The number of threads that wait for the lock now.
  [[nodiscard]] int waiting() const { return waiting_; }

  // Waits for the lock. Aborts if this thread may not take it now.
  void enter();
  // Waits for the lock until `hopeless`, called now and then, returns true. Returns whether the
  // lock is taken.
  [[nodiscard]] bool enter_unless(const std::function<bool()>& hopeless);
  void leave();
  // Gives the lock to the waiting threads: one of them takes it. If none waits, keeps it and
  // returns false.
  [[nodiscard]] bool leave_to_others();
  // If threads wait for the lock, returns once one of them has it, or has given up: a sleeping
  // thread rarely gets a lock that is released and taken again at once.
  void let_one_in();

 private:
  void take_over();
  void one_less_waits();

  lock_order::Held held_;
  std::mutex mutex_;  // Guards the following. Held for moments only.
  std::condition_variable freed_;
  bool taken_ = false;
  std::atomic<int> waiting_ = 0;           // Changed under the mutex.
  std::atomic<std::uint32_t> waited_ = 0;  // Waits that ended: with the lock, or given up.
};

}  // namespace anabranch::leader
