// The order in which a thread takes the locks of one store, checked in every build.
//
// Each lock has a rank. A thread takes a lock only if all its locks of the same store have lower
// ranks; so no two threads ever wait for each other. A violation stops the process at once, in any
// test that reaches it, instead of hanging one run in a thousand. Locks of different stores are not
// compared: their order is up to the user.
//
// A store may be used by a destructor at the end of a thread, or behind main(). So the list of a
// thread's locks is one pointer, which nothing destroys: the locks themselves are its links.
#pragma once

#include <cstdint>
#include <mutex>

namespace anabranch::leader {

// Names the store of a lock.
using StoreId = const void*;

enum class LockRank : std::uint8_t {
  kEditing,   // The turn to edit an open document: until its edit is committed.
  kWriter,    // The writer: CommitQueue.
  kWaiting,   // Calls that wait for the exchange: WaitQueue.
  kReader,    // The reader of the log: its listeners, and its position.
  kDocument,  // The rows of an open document.
  kInbox,     // Changes that an open document has received and not taken in yet.
  kWatch,     // Changes that a watch has received and not passed to its function yet.
  kCalls,     // The threads that call functions of watches.
};

// The locks of this thread.
namespace lock_order {

// A lock, as a link in the list of the thread that holds it. Lives as long as the lock.
struct Held {
  Held(LockRank rank, StoreId store) : rank(rank), store(store) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  const LockRank rank;
  const StoreId store;
  Held* outer = nullptr;  // Taken before by the same thread. Of the holder alone.
};

// Whether this thread may take, and wait for, a lock of this rank.
[[nodiscard]] bool may_take(LockRank rank, StoreId store);
[[nodiscard]] bool holds(LockRank rank, StoreId store);
// Note that this thread has taken a lock, and gives it back.
void took(Held& lock);
void gave_back(Held& lock);

}  // namespace lock_order

// A mutex with a rank. Used with std::lock_guard, std::unique_lock and
// std::condition_variable_any.
class OrderedMutex {
 public:
  OrderedMutex(LockRank rank, StoreId store) : held_(rank, store) {}

  // Aborts if this thread may not take the lock now.
  void lock();
  // Never waits, so it may be called in any order.
  bool try_lock();
  void unlock();

 private:
  lock_order::Held held_;
  std::mutex mutex_;
};

}  // namespace anabranch::leader
