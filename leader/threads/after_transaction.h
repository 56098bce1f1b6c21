// What a transaction leaves to be done when it has ended, on its own thread: waiting for somebody
// who may be waiting for the writer, which the transaction holds.
#pragma once

#include <functional>
#include <vector>

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Lives on the stack of the thread that runs a transaction, from before it takes the writer until
// after it has given it back; its end calls what was deferred, which must not throw.
class AfterTransaction {
 public:
  explicit AfterTransaction(StoreId store);
  ~AfterTransaction();
  AfterTransaction(const AfterTransaction&) = delete;
  AfterTransaction& operator=(const AfterTransaction&) = delete;

  // Has a function called at the end of the transaction of this store that this thread runs.
  // Returns false, and does nothing, when it runs none.
  static bool defer(StoreId store, std::function<void()> function);

 private:
  const StoreId store_;
  AfterTransaction* const outer_;  // Of another store, on this thread.
  std::vector<std::function<void()>> deferred_;
};

}  // namespace anabranch::leader
