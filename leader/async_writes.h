// Writes whose callers do not wait for the disk (Store::transact_async). One thread of the store
// carries them out in the order of the calls, many in one commit, and then gives each its token.
#pragma once

#include <anabranch/transaction.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "leader/leader.h"
#include "leader/threads/lock_order.h"

namespace anabranch::leader {

// Thread-safe.
class AsyncWrites {
 public:
  static constexpr std::size_t kWaitingMax = 10'000;
  static constexpr std::size_t kAtOnceMax = 256;  // In one commit.

  // Runs a function under the writer's lock and commits, as CommitQueue::run.
  using Run = std::function<void(const std::function<void(Leader&)>&)>;
  // Both are called until close() returns. `token` returns that of all committed writes.
  AsyncWrites(StoreId store, Run run, std::function<std::string()> token)
      : store_(store), run_(std::move(run)), token_(std::move(token)) {}

  // Adds a write. Waits for room if `may_wait`, else throws Error{kBusy} without room. Throws
  // Error{kClosed} behind close(), and kIo when no thread can be begun.
  std::future<std::string> add(std::function<void(Transaction&)> function, bool may_wait);
  // Carries out all that were added, and ends the thread.
  void close();

  // Returns the number of those that have not begun.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Write {
    std::function<void(Transaction&)> function;
    std::promise<std::string> token;
  };

  void work();
  // Takes some writes, in order; none behind close() when all are done.
  std::vector<Write> take();
  // Returns how many of the writes were carried out: the group may be full before the last one.
  std::size_t carry_out(std::vector<Write>& writes);
  // Puts writes back in front of all others.
  void put_back(std::vector<Write> writes);

  const StoreId store_;
  const Run run_;
  const std::function<std::string()> token_;
  mutable std::mutex mutex_;  // Guards all below. Not held while a function runs.
  std::condition_variable changed_;
  std::deque<Write> writes_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace anabranch::leader
