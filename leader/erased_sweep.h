// Forgets the removed elements of remove-wins sets, in slices. An element that was removed stays as
// a small row, since it beats inserts by whoever had not seen that. Once every region is known to
// have seen all that the row says (regions/seen_by_all.h) there are no such inserts any more, and
// the row is removed by an ordinary transaction.
//
// The leader whose region has removed the element does that; any other one `grace_ms` later, so
// that it happens once and not in every region, and happens all the same when that one is gone.
// Rows are found in the log as it grows, and in one walk over all rows after each opening, and each
// time that rows have come without a log. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"
#include "regions/replica.h"
#include "storage/storage.h"

namespace anabranch::leader {

struct ErasedLimits {
  core::Millis grace_ms = 60'000;
  std::size_t looks = 1'000;      // At rows and at records of the log, of one slice.
  std::size_t removals = 100;     // Of one slice.
  std::size_t waiting = 100'000;  // Rows that are remembered; more are found by another walk.
};

class ErasedSweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  static constexpr core::Millis kSliceRestMs = 50;

  // `storage` is the replica's. Both must outlive this.
  ErasedSweep(regions::Replica& replica, const storage::Storage& storage, ErasedLimits limits);

  // Looks for more, and removes some of what may be forgotten, in one commit. The group must not be
  // dirty. Fails as Replica::commit, and when stored rows cannot be read.
  core::Result<void> slice(core::Millis now);

  // Rows that were removed: since the start, and by the last slice, each as it was.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  struct Forgotten {
    core::Path path;
    crdt::Row row;
  };
  [[nodiscard]] const std::vector<Forgotten>& last() const { return last_; }
  // Rows that wait until all have seen them, as far as they were found.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  void walk_anew();
  // Looks at some more of the log; and of all rows. Return whether there is more.
  bool read_log();
  bool walk();
  void take(const core::Path& path);
  // Looks at some of those that wait. Returns whether there are more to look at.
  bool judge();
  // Whether it is time for this leader to forget a row that all have seen.
  [[nodiscard]] bool is_due(const crdt::Row& row) const;
  core::Result<void> carry_out();

  regions::Replica& replica_;
  const storage::Storage& storage_;
  ErasedLimits limits_;
  core::Millis next_ms_ = 0;
  storage::Position position_ = 0;  // The next record of the log to look at.
  std::uint64_t jumps_ = 0;         // Of the board, as looked at last.
  bool walking_ = true;
  std::string after_;  // The key of the row that the walk has looked at last.
  std::set<core::Path> waiting_;
  bool too_many_ = false;  // Some were not remembered.
  core::Path judged_;      // The row that was judged last; empty at the beginning of a round.
  std::vector<Forgotten> last_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace anabranch::leader
