// What a foreign large clear leaves: the counts, at and below its prefix, of what it had not seen.
//
// Counting reads all rows there, so it is done in slices, on the rows of one moment and before the
// clear is applied; rows that change meanwhile are noted and counted again at the end. This
// leader's own clears leave nothing and need none of it. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "core/origin_table.h"
#include "rows/counts.h"
#include "rows/masks/masks.h"
#include "storage/storage.h"

namespace anabranch::rows {

class Survivors final : private CountTable {
 public:
  // The rows of `snapshot` are read as `masks` leave them. `origins` must name every origin in them
  // and outlive this object.
  Survivors(std::shared_ptr<const storage::Snapshot> snapshot, const core::OriginTable& origins,
            const Masks& masks, core::Path prefix, const core::VersionVector& context);

  [[nodiscard]] const core::Path& prefix() const { return prefix_; }
  [[nodiscard]] const core::VersionVector& context() const { return context_; }

  // Looks at so many rows more. Returns whether all were looked at.
  bool look(std::size_t rows);
  // A row may have changed since the moment.
  void note_change(const core::Path& path) {
    if (prefix_.is_prefix_of(path)) changed_.insert(path);
  }
  [[nodiscard]] std::size_t changes() const { return changed_.size(); }

  // Brings the counts of a table at and below the prefix, all zero, to what is left, and those
  // above it, too. All rows must have been looked at, and noted when they changed.
  void count_in(CountTable& table) const;

 private:
  class Correction;

  [[nodiscard]] bool inside(const core::Path& path) const { return prefix_.is_prefix_of(path); }
  // Whether the clear leaves anything of a row, as it was at the moment.
  [[nodiscard]] bool left(const core::Path& path, crdt::Row row) const;
  [[nodiscard]] bool was_left(const core::Path& path) const;

  // What lies outside of the prefix is left as it is: there something is always shown.
  [[nodiscard]] std::uint64_t count(const core::Path& collection) const override;
  void set_count(const core::Path& collection, std::uint64_t count) override;
  [[nodiscard]] bool row_present(const core::Path& row) const override;

  std::shared_ptr<const storage::Snapshot> snapshot_;
  const core::OriginTable& origins_;
  Masks masks_;
  core::Path prefix_;
  core::VersionVector context_;
  std::unique_ptr<storage::Cursor> cursor_;
  std::string at_;  // The storage key of the row that is being counted.
  std::unordered_map<std::string, std::uint64_t> counts_;  // By encoded path.
  std::set<core::Path> changed_;
};

}  // namespace anabranch::rows
