// The survivors of a foreign large clear: the counts, at and below its prefix, of the values its
// context does not cover.
//
// Counting reads all rows there, so it runs in slices, on the rows of one moment and before the
// clear is applied; rows that change meanwhile are noted and counted again at the end. This
// leader's own clears leave no survivors and need no counting. Below a deep prefix (counts.h) all
// rows are counted that its counted part counts. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "core/origin_table.h"
#include "rows/counts.h"
#include "rows/masks/masks.h"
#include "rows/stage/cleared_places.h"
#include "storage/storage.h"

namespace anabranch::rows {

class Survivors final : private CountTable {
 public:
  // Reads the rows of `snapshot` as masked by `masks`. `origins` must name every origin in them and
  // outlive this object.
  Survivors(std::shared_ptr<const storage::Snapshot> snapshot, const core::OriginTable& origins,
            const Masks& masks, core::Path prefix, const core::VersionVector& context);

  // Whether these are the survivors of a clear, for a table with these masks, the clear's among
  // them.
  [[nodiscard]] bool fits(const core::Path& prefix, const core::VersionVector& context,
                          const Masks& masks) const;
  // The masks that were assumed, the clear's among them.
  [[nodiscard]] const Masks& masks() const { return masks_; }

  // Reads more rows, at most as many as `rows`, and takes them from it. Returns whether all were
  // read.
  bool look(std::size_t& rows);
  // Takes in a mask that came since that moment; returns false if all has to be counted anew. A
  // clear of this leader's own leaves nothing of what is counted, a foreign one may do so.
  bool take_in(const Mask& mask);
  // Notes that a row may have changed since that moment.
  void note_change(const core::Path& path) {
    if (inside(path)) changed_.insert(path);
  }
  [[nodiscard]] std::size_t changes() const { return changed_.size(); }
  template <typename Function>
  void for_each_change(const Function& function) const {
    for (const core::Path& path : changed_) function(path);
  }
  // Returns at most the least dot of each origin among the values that survive the clear at and
  // below its prefix, as of that moment. All rows must have been read.
  [[nodiscard]] const core::VersionVector& left() const { return left_.left; }

  // Sets the counts of a table at and below the prefix, all zero before, to the survivors, and
  // adjusts the counts above it. All rows must have been read, and changed ones noted.
  void count_in(CountTable& table) const;

 private:
  class Correction;

  [[nodiscard]] bool inside(const core::Path& path) const { return counted_.is_prefix_of(path); }
  // Whether the count is one of those to be set.
  [[nodiscard]] bool sets(const core::Path& collection) const {
    return inside(collection) && counts_anew(prefix_, counted_, collection);
  }
  // Whether any value of a row, as of that moment, survives the clear.
  [[nodiscard]] bool was_left(const core::Path& path) const;

  // Counts outside of the prefix are not touched: there something is always shown.
  [[nodiscard]] std::uint64_t count(const core::Path& collection) const override;
  void set_count(const core::Path& collection, std::uint64_t count) override;
  [[nodiscard]] bool row_present(const core::Path& row) const override;

  std::shared_ptr<const storage::Snapshot> snapshot_;
  const core::OriginTable& origins_;
  Masks masks_;
  core::Path prefix_;
  core::Path counted_;  // Its counted part.
  core::VersionVector context_;
  // The end of the keys that are read. The cursor refers to it, also when this object is moved.
  std::unique_ptr<const std::string> keys_end_;
  std::unique_ptr<storage::Cursor> cursor_;
  std::string at_;  // The storage key of the row being counted, or behind the last one.
  std::unordered_map<core::Path, std::uint64_t, core::PathHash> counts_;
  std::set<core::Path> changed_;
  ClearedPlace left_;
};

}  // namespace anabranch::rows
