// The lock of the writer of a store: whoever holds it stages, commits and turns the leader. Knows
// who waits for it, since a holder leaves its commit to them.
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
  explicit WriterLock(StoreId store) : store_(store) {}
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  // Whether this thread holds it.
  [[nodiscard]] bool mine() const { return lock_order::holds(LockRank::kWriter, store_); }
  // How many threads wait for it now.
  [[nodiscard]] int waiting() const { return waiting_; }

  // Waits for it. Aborts when this thread may not take it now.
  void enter();
  // Waits for it as long as there is hope, which is asked for now and then. Returns whether it has
  // been taken.
  [[nodiscard]] bool enter_unless(const std::function<bool()>& hopeless);
  void leave();
  // Gives it to those who wait for it: one of them takes it. When nobody does, keeps it and returns
  // false.
  [[nodiscard]] bool leave_to_others();
  // When somebody waits for it, returns once one of them has it, or has given up: a lock that is
  // given back and taken again at once is hard to get for who sleeps on it.
  void let_one_in();

 private:
  void take_over();
  void one_less_waits();

  const StoreId store_;
  std::mutex mutex_;  // Of what follows. Held for moments only.
  std::condition_variable freed_;
  bool taken_ = false;
  std::atomic<int> waiting_ = 0;           // Changed under the mutex.
  std::atomic<std::uint32_t> waited_ = 0;  // How many have waited: each has it, or has given up.
};

}  // namespace anabranch::leader
