// Where calls wait for conditions that only the exchange with the peers can bring about.
//
// The thread that turns the leader checks all conditions after each turn, under the leader's lock;
// the waiting calls sleep meanwhile and touch nothing. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>

#include "leader/leader.h"
#include "leader/threads/lock_order.h"

namespace anabranch::leader {

class WaitQueue {
 public:
  using Holds = std::function<bool(Leader&)>;

  // One waiting call, from its construction on. Must not outlive the queue.
  class Waiter {
   public:
    // Throws Error{kClosed} if the queue is closed.
    Waiter(WaitQueue& queue, Holds holds);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Sleeps until the condition was seen to hold, or until the timeout. Returns whether it held.
    // Throws Error{kClosed} if the queue is closed meanwhile.
    bool wait(std::chrono::milliseconds timeout);

   private:
    friend class WaitQueue;
    WaitQueue& queue_;
    Holds holds_;
    bool held_ = false;
  };

  explicit WaitQueue(StoreId store) : mutex_(LockRank::kWaiting, store) {}

  // Checks the conditions of all guests. Call under the leader's lock.
  void look(Leader& leader);
  // Ends all waits and returns when the guests are gone; later guests are refused.
  void close();

 private:
  OrderedMutex mutex_;
  std::condition_variable_any changed_;
  std::list<Waiter*> waiters_;
  bool closed_ = false;
};

}  // namespace anabranch::leader
