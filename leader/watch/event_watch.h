// Watches of events: the exchange shows them the status of the leader now and then, and each passes
// the differences to its function, on the threads that call the functions of watches.
#pragma once

#include <anabranch/event.h>
#include <anabranch/status.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/threads/opening_process.h"
#include "leader/watch/watch.h"
#include "rows/conflicts/conflict_table.h"

namespace anabranch {

namespace leader {

// All watches of events of a store. Thread-safe.
class EventWatches {
 public:
  static constexpr std::chrono::milliseconds kPause{100};

  explicit EventWatches(StoreId store) : mutex_(LockRank::kReader, store) {}

  // Returns whether there is a watch, and the last look was kPause ago.
  [[nodiscard]] bool due() const;
  // Tells the watches the events since the last look. `losers` is the end of the conflict log.
  void look(const StoreStatus& status, rows::ConflictNumber losers);
  // Begins, or ends, a watch. The first one is told of differences from this status on.
  void join(EventWatch::Impl& watch, const StoreStatus& status, rows::ConflictNumber losers);
  void leave(EventWatch::Impl& watch);

 private:
  using Clock = std::chrono::steady_clock;

  mutable OrderedMutex mutex_;
  StoreStatus status_;  // Of the last look.
  rows::ConflictNumber losers_ = 0;
  Clock::time_point looked_ = {};
  std::set<EventWatch::Impl*> watches_;
  std::atomic<std::size_t> number_ = 0;  // Of watches.
};

}  // namespace leader

class EventWatch::Impl final : public leader::Job,
                               public std::enable_shared_from_this<EventWatch::Impl> {
 public:
  static constexpr std::size_t kQueuedMax = 1000;

  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::EventWatches> events,
       OnEvent function);

  // As Watch::Impl::stop.
  void stop();
  // Whether there is a thread to stop: false in a forked process.
  [[nodiscard]] bool here() const { return process_.here(); }
  // Queues events; those that find no room are counted.
  void take(const std::vector<Event>& events);
  // Calls the function with one event.
  bool turn() override;

 private:
  void tell(const Event& event);
  void wait_for_rest();

  const leader::OpeningProcess process_;
  const std::shared_ptr<leader::Watches> watches_;
  const std::shared_ptr<leader::EventWatches> events_;
  OnEvent function_;
  leader::OrderedMutex mutex_;
  std::condition_variable_any rested_;
  std::deque<Event> queue_;
  std::uint64_t missed_ = 0;
  bool scheduled_ = false;  // Among the threads' jobs, or running.
  bool stopped_ = false;
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

}  // namespace anabranch
