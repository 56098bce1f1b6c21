// Forgets the removed elements of remove-wins sets, in slices. A removed element stays as a small
// row, since it beats inserts by leaders that have not seen the removal. Once every region is known
// to have seen the whole row (regions/seen_by_all.h), no such insert can arrive any more, and an
// ordinary transaction removes the row.
//
// The leader whose region removed the element removes the row; any other leader does so `grace_ms`
// later. So normally only one region does it, but if that one is gone another one takes over. Rows
// are found in the log as it grows, and by one walk over all rows after each opening and each time
// that rows arrived without log records. Not thread-safe.
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
  std::size_t looks = 1'000;      // Rows and records of the log read in one slice.
  std::size_t removals = 100;     // In one slice.
  std::size_t waiting = 100'000;  // Remembered rows; further rows are found by another walk.
};

class ErasedSweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  static constexpr core::Millis kSliceRestMs = 50;

  // `storage` belongs to the replica. Both must outlive this object.
  ErasedSweep(regions::Replica& replica, const storage::Storage& storage, ErasedLimits limits);

  // Looks for removed elements, and forgets some of them, in one commit. The group must not be
  // dirty. Fails like Replica::commit, and if stored rows cannot be read.
  core::Result<void> slice(core::Millis now);

  // The number of rows removed since the start; and the rows removed by the last slice, with their
  // previous contents.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  struct Forgotten {
    core::Path path;
    crdt::Row row;
  };
  [[nodiscard]] const std::vector<Forgotten>& last() const { return last_; }
  // Rows found so far that wait until all regions have seen them.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  void walk_anew();
  // read_log() reads some of the log, walk() some of all rows. Both return whether there is more.
  bool read_log();
  bool walk();
  void take(const core::Path& path);
  // Checks some of the waiting rows. Returns whether there are more to check.
  bool judge();
  // Whether it is this leader's time to forget a row that all regions have seen.
  [[nodiscard]] bool is_due(const crdt::Row& row) const;
  core::Result<void> carry_out();

  regions::Replica& replica_;
  const storage::Storage& storage_;
  ErasedLimits limits_;
  core::Millis next_ms_ = 0;
  storage::Position position_ = 0;  // The next record of the log to read.
  std::uint64_t jumps_ = 0;         // PublishedVector::jumps() at the last look.
  bool walking_ = true;
  std::string after_;  // The key of the last row that the walk has read.
  std::set<core::Path> waiting_;
  bool too_many_ = false;  // Some rows were not remembered.
  core::Path judged_;      // The last row that was checked; empty at the beginning of a round.
  std::vector<Forgotten> last_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace anabranch::leader
