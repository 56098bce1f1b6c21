// The store that this thread was begun for. A store cannot be closed by one of its own threads,
// which would wait for itself: within the function of a watch, or by std::exit() there.
#pragma once

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Lives on the stack of a thread of a store, as long as that may call functions of the application.
class OwnThread {
 public:
  explicit OwnThread(StoreId store) { store_ = store; }
  ~OwnThread() { store_ = nullptr; }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

  // Whether this thread is one of the store.
  [[nodiscard]] static bool of(StoreId store) { return store != nullptr && store_ == store; }

 private:
  static inline constinit thread_local StoreId store_ = nullptr;
};

}  // namespace anabranch::leader
