// Where calls wait for what only the exchange with the peers can bring about.
//
// Whoever turns the leader looks at all that is waited for after each turn, under the leader's
// lock; those who wait sleep meanwhile and touch nothing. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>

#include "leader/leader.h"
#include "leader/threads/lock_order.h"

namespace anabranch::leader {

class WaitingRoom {
 public:
  using Holds = std::function<bool(Leader&)>;

  // One call that waits, from its construction on. Must not outlive the room.
  class Guest {
   public:
    // Throws Error{kClosed} when the room is closed.
    Guest(WaitingRoom& room, Holds holds);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    // Sleeps until it has been seen to hold, or for so long. Returns whether it has. Throws
    // Error{kClosed} when the room is closed meanwhile.
    bool wait(std::chrono::milliseconds timeout);

   private:
    friend class WaitingRoom;
    WaitingRoom& room_;
    Holds holds_;
    bool held_ = false;
  };

  explicit WaitingRoom(StoreId store) : mutex_(LockRank::kWaiting, store) {}

  // Looks at what is waited for. Under the leader's lock.
  void look(Leader& leader);
  // Sends everybody away and returns when they are gone; nobody is let in any more.
  void close();

 private:
  OrderedMutex mutex_;
  std::condition_variable_any changed_;
  std::list<Guest*> guests_;
  bool closed_ = false;
};

}  // namespace anabranch::leader
