// Removes orphans, in slices: rows inside elements that are not in their list of containers any
// more, written by leaders that had not heard of the erase, and new positions of such elements.
// They are hidden from all readers already (rows/gone_element.h), so nothing that is shown depends
// on when that happens, or on who does it.
//
// An element that is not in its list never comes back: by causal order its insert was applied
// before any row inside it, and nobody puts a member row again. So an ordinary clear can follow at
// once. The leader whose region wrote some of the orphans does it; any other leader that has found
// them does it `grace_ms` later. They are found where they arrive after the erase, at its author at
// least, or where the erase arrives after them. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "leader/sweeps/row_finder.h"
#include "regions/replica.h"
#include "storage/storage.h"

namespace anabranch::leader {

struct OrphanLimits {
  core::Millis grace_ms = 60'000;
  std::size_t looks = 1'000;  // Rows and records of the log read in one slice, and paths judged.
  std::size_t clears = 100;   // In one slice.
  std::size_t waiting = 100'000;  // Remembered paths; with so many it looks for no more.
};

class OrphanSweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  static constexpr core::Millis kSliceRestMs = 50;

  // `storage` belongs to the replica. Both must outlive this object.
  OrphanSweep(regions::Replica& replica, const storage::Storage& storage, OrphanLimits limits);

  // Looks for orphans, and removes some of them, in one commit. The group must not be dirty. Fails
  // like Replica::commit, and if stored rows cannot be read. `now` is the time by which it waits.
  core::Result<void> slice(core::Millis now);

  // The number of clears since the start, each of one element or position.
  [[nodiscard]] std::uint64_t cleared() const { return cleared_; }
  // Whether rows or records of the log are left that it has not looked at.
  [[nodiscard]] bool is_behind() const { return is_behind_; }
  // Paths found so far that are not judged, or wait.
  [[nodiscard]] std::size_t waiting() const { return finder_.waiting().size() + due_.size(); }

 private:
  // Has all rows walked over again when there are more writes of leaders that are not here any
  // more, of this region and of retired ones.
  void look_for_former_leaders();
  // Looks at an op of the log: takes rows that it may have made orphans, or that may be some.
  void read(const core::Op& op);
  // Looks at a row of a walk: takes it if it is an orphan.
  void walk_over(const core::Path& path);
  // Judges the paths found: those with orphans wait in due_.
  void judge(core::Millis now);
  // Returns whether a prefix has rows, and whether this region has written any of them.
  struct Below {
    bool any = false;
    bool own = false;
  };
  [[nodiscard]] Below look_below(const rows::RowReader& rows, const core::Path& prefix) const;
  core::Result<void> carry_out(core::Millis now);

  regions::Replica& replica_;
  OrphanLimits limits_;
  RowFinder finder_;
  // Of the walk in this slice: an element that is in its list, as are those that it is in, and the
  // number of all these; 0 for none. The rows right behind it are mostly inside it.
  core::Path inside_;
  std::size_t inside_depth_ = 0;
  bool is_behind_ = true;
  std::optional<core::Seq> of_former_;  // The writes of such leaders, when last looked at.
  core::Millis next_ms_ = 0;
  std::map<core::Path, core::Millis> due_;  // Prefixes with orphans, and the time of their clear.
  std::uint64_t cleared_ = 0;
};

}  // namespace anabranch::leader
