// Forgets the removed elements of remove-wins sets, in slices. A removed element stays as a small
// row, since it beats inserts by leaders that have not seen the removal. Once every region is known
// to have seen the whole row (regions/seen_by_all.h), no such insert can arrive any more, and an
// ordinary transaction removes the row.
//
// The leader whose region removed the element removes the row; any other leader does so `grace_ms`
// later. So normally only one region does it, but if that one is gone another one takes over.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"
#include "leader/sweeps/row_finder.h"
#include "regions/replica.h"
#include "storage/storage.h"

namespace anabranch::leader {

struct ErasedLimits {
  core::Millis grace_ms = 60'000;
  std::size_t looks = 1'000;      // Rows and records of the log read in one slice.
  std::size_t removals = 100;     // In one slice.
  std::size_t waiting = 100'000;  // Remembered rows; with so many it looks for no more.
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
  [[nodiscard]] std::size_t waiting() const { return finder_.waiting().size(); }

 private:
  // Checks some of the waiting rows. Returns whether there are more to check.
  bool judge();
  // Whether it is this leader's time to forget a row that all regions have seen.
  [[nodiscard]] bool is_due(const crdt::Row& row) const;
  core::Result<void> carry_out();

  regions::Replica& replica_;
  ErasedLimits limits_;
  RowFinder finder_;
  core::Millis next_ms_ = 0;
  core::Path judged_;  // The last row that was checked; empty at the beginning of a round.
  std::vector<Forgotten> last_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace anabranch::leader
