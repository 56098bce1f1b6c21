// The stores that this thread reads from: it is inside the function of a read, which a store must
// not be closed beneath.
#pragma once

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Lives on the stack of the thread that reads, while it does. Nearly free.
class ReadingHere {
 public:
  explicit ReadingHere(StoreId store) : store_(store), outer_(innermost_) { innermost_ = this; }
  ~ReadingHere() { innermost_ = outer_; }
  ReadingHere(const ReadingHere&) = delete;
  ReadingHere& operator=(const ReadingHere&) = delete;

  // Whether this thread reads from a store.
  [[nodiscard]] static bool from(StoreId store) {
    const ReadingHere* each = innermost_;
    while (each != nullptr && each->store_ != store) each = each->outer_;
    return each != nullptr;
  }

 private:
  static inline constinit thread_local const ReadingHere* innermost_ = nullptr;

  const StoreId store_;
  const ReadingHere* const outer_;
};

}  // namespace anabranch::leader
