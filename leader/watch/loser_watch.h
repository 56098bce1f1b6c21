// Watches of losers: each reads the new entries of the conflict log, one after another, on the
// threads that call the functions of watches.
#pragma once

#include <anabranch/loser.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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

// Returns the losers of an entry that a watch is to be told of; nullopt if the entry is no longer
// in the log. Called while the store is open. Thread-safe.
using ReadLosers = std::function<std::optional<std::vector<Loser>>(rows::ConflictNumber entry)>;

// All watches of losers of a store. Thread-safe.
class LoserWatches {
 public:
  // `end` is that of the log.
  LoserWatches(StoreId store, rows::ConflictNumber end)
      : mutex_(LockRank::kReader, store), end_(end) {}

  // Returns whether there is a watch.
  [[nodiscard]] bool any() const { return number_.load(std::memory_order_relaxed) > 0; }

  // Entries up to `end`, and without it, are committed: wakes the watches. Costs next to nothing
  // when there are no new ones.
  void look(rows::ConflictNumber end);
  // Begins, or ends, a watch of the entries from `end` on.
  void join(LoserWatch::Impl& watch, rows::ConflictNumber end);
  void leave(LoserWatch::Impl& watch);

 private:
  OrderedMutex mutex_;
  rows::ConflictNumber end_;
  std::set<LoserWatch::Impl*> watches_;
  std::atomic<std::size_t> number_ = 0;  // Of watches.
};

}  // namespace leader

class LoserWatch::Impl final : public leader::Job,
                               public std::enable_shared_from_this<LoserWatch::Impl> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::LoserWatches> losers,
       leader::ReadLosers read, OnLosers function);

  // Begins with the entry of a number.
  void begin(rows::ConflictNumber first) { losers_->join(*this, first); }
  // As Watch::Impl::stop.
  void stop();
  // Whether there is a thread to stop: false in a forked process.
  [[nodiscard]] bool here() const { return process_.here(); }

  // The first entry of the watch, and the end of the entries that are there.
  void begin_at(rows::ConflictNumber first);
  void see(rows::ConflictNumber end);

  // Reads one entry, and calls the function if there are losers for it.
  bool turn() override;

 private:
  void tell(const std::vector<Loser>& losers);
  // Says in the log how many entries in a row were dropped before this watch came to them.
  void note_missed(bool is_there);
  void wait_for_rest();

  const leader::OpeningProcess process_;
  const std::shared_ptr<leader::Watches> watches_;
  const std::shared_ptr<leader::LoserWatches> losers_;
  const leader::ReadLosers read_;
  OnLosers function_;
  leader::OrderedMutex mutex_;
  std::condition_variable_any rested_;
  rows::ConflictNumber next_ = 0;
  rows::ConflictNumber end_ = 0;
  std::uint64_t missed_ = 0;  // Of the threads' turns, which do not overlap.
  bool scheduled_ = false;    // Among the threads' jobs, or running.
  bool stopped_ = false;
  std::thread::id runner_;  // The thread that runs a turn; no thread's id if none runs.
};

}  // namespace anabranch
