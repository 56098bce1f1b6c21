// The work on rows that nobody waits for, in slices: large clears are swept, orders of scores are
// made and removed, and dead slots are dropped from tallies, as soon as no region can
// need them. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>

#include "core/path.h"
#include "core/result.h"
#include "regions/delivery/own_batches.h"
#include "regions/state/committed.h"
#include "regions/state/group_closed.h"
#include "rows/stage/sweep.h"

namespace anabranch::regions {

class Upkeep final : public Participant, public RowWatcher {
 public:
  static constexpr std::size_t kDeadRowsMax = 100'000;
  static constexpr std::uint64_t kOrdersCounted = 1'000;

  // Both must outlive this.
  Upkeep(CommittedState& state, OwnBatches& own, const rows::SweepLimits& limits)
      : state_(state), own_(own), limits_(limits) {}

  // Whether large clears are done but not swept yet. Until then this replica stores more rows than
  // it shows; and its own clears of counters are not all in its log yet.
  [[nodiscard]] bool sweeping() const { return !state_.masks()->empty(); }
  // Whether orders of scores are to be made or removed. Until then rankings may be slow.
  [[nodiscard]] bool ordering() const { return ordering_ && !state_.damaged().any(); }
  // Returns the number of sorted sets to be ordered anew, and of scopes to be searched for such; no
  // more than kOrdersCounted.
  [[nodiscard]] std::uint64_t orders_left() const;
  // Whether sweep() has anything to do.
  [[nodiscard]] bool tidying() const { return sweeping() || ordering(); }
  // Sweeps a slice, in one commit, or, when nothing is left to sweep, does a slice of the work on
  // orders. Returns whether there is more.
  core::Result<bool> sweep(const GroupClosed& closed);
  // Drops the dead slots that it knows of and that nothing waits for any more.
  core::Result<void> collect(const GroupClosed& closed);

  // Remembers a row that has dead slots.
  void note_dead_slots(const core::Path& path, const crdt::Row& row);
  // Drops a row's dead slots where that is safe, and remembers the row when some stay.
  void leaves(const core::Path& path, crdt::Row& row) override;
  void record(Commit& /*commit*/) override {}
  void committed(const Commit& commit) override;

 private:
  core::Result<void> sweep_slice(rows::Stage& stage);
  core::Result<bool> order_slice();

  CommittedState& state_;
  OwnBatches& own_;
  rows::SweepLimits limits_;
  bool ordering_ = true;
  std::set<core::Path> dead_;  // Rows with dead slots, at most kDeadRowsMax of them.
};

}  // namespace anabranch::regions
