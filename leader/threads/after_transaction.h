// Work deferred until the end of a transaction, on its own thread: waiting for a thread that may
// itself wait for the writer, held by the transaction.
#pragma once

#include <functional>
#include <vector>

#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Lives on the stack of the thread that runs a transaction, from before it takes the writer until
// after it has given it back; the destructor calls the deferred functions, which must not throw,
// with whether the transaction is committed.
class AfterTransaction {
 public:
  using Function = std::function<void(bool committed)>;

  explicit AfterTransaction(StoreId store);
  ~AfterTransaction();
  AfterTransaction(const AfterTransaction&) = delete;
  AfterTransaction& operator=(const AfterTransaction&) = delete;

  // Defers a function to the end of the transaction of this store that this thread runs. Returns
  // false, and does nothing, if it runs none.
  static bool defer(StoreId store, Function function);

 private:
  const StoreId store_;
  AfterTransaction* const outer_;  // The transaction of another store on this thread.
  const int exceptions_;
  std::vector<Function> deferred_;
};

}  // namespace anabranch::leader
