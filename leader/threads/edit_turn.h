// The turn to edit an open document: held from before the function of an edit runs until its
// changes are committed, or undone. So other threads never read changes that may still fail.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Thread-safe.
class EditTurn {
 public:
  explicit EditTurn(StoreId store) : held_(LockRank::kEditing, store) {}

  // Whether this thread has the turn.
  [[nodiscard]] bool mine() const;
  // Whether any thread has the turn.
  [[nodiscard]] bool taken() const;

  // Holds the turn while it lives, if it got the turn within `timeout`.
  class Guard {
   public:
    explicit Guard(EditTurn& turn);  // Waits without a limit.
    Guard(EditTurn& turn, std::chrono::milliseconds timeout);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    explicit operator bool() const { return turn_ != nullptr; }

   private:
    EditTurn* turn_;
  };

 private:
  void take();

  lock_order::Held held_;
  mutable std::mutex mutex_;  // Held for moments only.
  std::condition_variable given_;
  std::thread::id holder_;  // No thread's id while the turn is free.
};

}  // namespace anabranch::leader
