// The order in which a thread takes the locks of one store, checked in every build.
//
// Each lock has a rank. A thread takes a lock only when all that it holds of the same store have
// lower ranks; so no two threads ever wait for each other. Whoever breaks this stops the process at
// once, in whichever test comes along there, and not one run in a thousand with a hang. Locks of
// different stores are not compared: which of two stores comes first is their user's affair.
#pragma once

#include <cstdint>
#include <mutex>

namespace anabranch::leader {

// Names the store that a lock belongs to.
using StoreId = const void*;

enum class LockRank : std::uint8_t {
  kEditing,   // The turn to edit an open document: until its edit is committed.
  kWriter,    // The writer: CommitQueue.
  kWaiting,   // Calls that wait for the exchange: WaitingRoom.
  kReader,    // The reader of the log: who listens, and how far it has read.
  kDocument,  // What an open document shows.
  kInbox,     // What an open document has been told and not taken in yet.
  kWatch,     // What a watch has been told and has not told its function yet.
  kCalls,     // The threads that call functions of watches.
};

// What this thread holds.
namespace lock_order {

// Whether this thread may take, and wait for, a lock of this rank.
[[nodiscard]] bool may_take(LockRank rank, StoreId store);
[[nodiscard]] bool holds(LockRank rank, StoreId store);
// Notes a lock as held, and as given back.
void took(LockRank rank, StoreId store);
void gave_back(LockRank rank, StoreId store);

}  // namespace lock_order

// A mutex with a rank. Used with std::lock_guard, std::unique_lock and
// std::condition_variable_any.
class OrderedMutex {
 public:
  OrderedMutex(LockRank rank, StoreId store) : rank_(rank), store_(store) {}

  // Aborts when this thread may not take it now.
  void lock();
  // Waits for nobody, so it may be called in any order.
  bool try_lock();
  void unlock();

 private:
  const LockRank rank_;
  const StoreId store_;
  std::mutex mutex_;
};

}  // namespace anabranch::leader
