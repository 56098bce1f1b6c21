// Watches of losers: each reads the new entries of the conflict log, one after another, on the
// threads that call the functions of watches.
#pragma once

#include <anabranch/loser.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "leader/threads/lock_order.h"
#include "leader/watch/notifier.h"
#include "leader/watch/watch_set.h"
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
  [[nodiscard]] bool any() const { return watches_.number() > 0; }

  // Entries up to `end`, and without it, are committed: wakes the watches. Costs next to nothing
  // when there are no new ones.
  void look(rows::ConflictNumber end);
  // Begins, or ends, a watch of the entries from `end` on.
  void join(LoserWatch::Impl& watch, rows::ConflictNumber end);
  void leave(LoserWatch::Impl& watch);

 private:
  OrderedMutex mutex_;
  rows::ConflictNumber end_;
  WatchSet<LoserWatch::Impl> watches_;
};

}  // namespace leader

class LoserWatch::Impl final : public leader::NotifierOf<std::vector<Loser>> {
 public:
  Impl(std::shared_ptr<leader::Watches> watches, std::shared_ptr<leader::LoserWatches> losers,
       leader::ReadLosers read, OnLosers function);

  // Begins with the entry of a number.
  void begin(rows::ConflictNumber first) { losers_->join(*this, first); }

  // The first entry of the watch, and the end of the entries that are there.
  void begin_at(rows::ConflictNumber first);
  void see(rows::ConflictNumber end);

 private:
  // ---- A turn: reads one entry, and calls the function if there are losers for it.
  [[nodiscard]] bool take_next() override;
  void do_next() override;
  void empty_queue() override { next_ = end_; }
  void leave() override { losers_->leave(*this); }

  // Says in the log how many entries in a row were dropped before this watch came to them.
  void note_missed(bool is_there);

  const std::shared_ptr<leader::LoserWatches> losers_;
  const leader::ReadLosers read_;
  rows::ConflictNumber next_ = 0;
  rows::ConflictNumber end_ = 0;
  // These belong to the turn while one runs.
  rows::ConflictNumber entry_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace anabranch
