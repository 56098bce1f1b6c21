// Counts of what is shown: elements of a set, fields of a map, keys of a database. They are derived
// from rows and kept in the same commit, so that asking costs the same for a million as for ten.
//
// The shape of paths (docs/semantics.md): [space, key, tag, ...]. A place that can hold a value, a
// key or a field of a map, holds it by tag:
//   [place s]            a string row
//   [place e element]    rows of a set, counted at [place e]
//   [place h field]      fields of a map, each a place again, counted at [place h]
// A place is shown when anything in it is; a shown place counts in its map, or in its space.
// Rows of other shapes, and those of space 0, are not counted.
#pragma once

#include <cstdint>

#include "core/path.h"

namespace anabranch::regions {

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

}  // namespace anabranch::regions
