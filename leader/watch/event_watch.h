// Watches of events: the exchange shows them the status of the leader now and then, and each passes
// the differences to its function, on the threads that call the functions of watches.
#pragma once

#include <anabranch/event.h>
#include <anabranch/status.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "leader/threads/lock_order.h"
#include "leader/watch/notifier.h"
#include "leader/watch/watch_set.h"
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
  WatchSet<EventWatch::Impl> watches_;
};

}  // namespace leader

class EventWatch::Impl final : public leader::NotifierOf<Event> {
 public:
  static constexpr std::size_t kQueuedMax = 1000;

  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::EventWatches> events,
       OnEvent function);

  // Queues events; those that find no room are counted.
  void take(const std::vector<Event>& events);

 private:
  // ---- A turn: calls the function with one event.
  [[nodiscard]] bool take_next() override;
  void do_next() override { tell(next_); }
  void empty_queue() override { queue_.clear(); }
  void leave() override { events_->leave(*this); }

  const std::shared_ptr<leader::EventWatches> events_;
  std::deque<Event> queue_;
  std::uint64_t missed_ = 0;
  Event next_;  // Belongs to the turn while one runs.
};

}  // namespace anabranch
