// Counts of what is shown: elements of a set, fields of a map, keys of a database. They are derived
// from rows and kept in the same commit, so that asking costs the same for a million as for ten.
//
// What a row shows and what paths look like is in crdt/type_table.h. The elements of a set count at
// [place tag], the fields of a map at [place h], each field a place again. A place is shown when
// anything in it is; a shown place counts in its map, or in its space.
// Rows of other shapes, and those of space 0, are not counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/path.h"

namespace anabranch::rows {

// Where counts are read and changed.
class CountTable {
 public:
  virtual ~CountTable() = default;
  [[nodiscard]] virtual std::uint64_t count(const core::Path& collection) const = 0;
  virtual void set_count(const core::Path& collection, std::uint64_t count) = 0;
  // Whether anything is shown at a row.
  [[nodiscard]] virtual bool row_present(const core::Path& row) const = 0;
};

// Brings the counts up to date after a row began or ceased to be shown. Called once per change,
// after the row was changed.
void count_presence(const core::Path& row, bool present, CountTable& table);

// Brings the counts outside of a prefix up to date for what is shown at or below it in the table:
// before all of that ceases to be shown at once, or (`up`) after it began to be shown. The counts
// at and below the prefix are left to the caller.
void count_prefix(const core::Path& prefix, bool up, CountTable& table);

// Where a row counts as soon as anything is shown at it, outermost first, and as what.
struct Counted {
  core::Path collection;
  std::string member;
};
[[nodiscard]] std::vector<Counted> counted_in(const core::Path& row);

}  // namespace anabranch::rows
