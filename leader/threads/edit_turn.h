// Whose turn it is to edit an open document: from before the function of an edit runs until what it
// did is committed, or undone. So nobody outside is shown what may still fail.
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
  explicit EditTurn(StoreId store) : store_(store) {}

  // Whether it is this thread's.
  [[nodiscard]] bool mine() const;
  // Whether it is anybody's.
  [[nodiscard]] bool taken() const;

  // Has the turn while it lives, if it has come to that within `patience`.
  class Guard {
   public:
    explicit Guard(EditTurn& turn);  // Waits without an end.
    Guard(EditTurn& turn, std::chrono::milliseconds patience);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    explicit operator bool() const { return turn_ != nullptr; }

   private:
    EditTurn* turn_;
  };

 private:
  void take();

  const StoreId store_;
  mutable std::mutex mutex_;  // Held for moments only.
  std::condition_variable given_;
  std::thread::id holder_;  // Nobody's when it is none.
};

}  // namespace anabranch::leader
