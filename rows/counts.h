// Counts of shown members: elements of a set, fields of a map, keys of a database. Counts are
// derived from rows and stored in the same commit, so reading one costs the same for a million
// members as for ten.
//
// crdt/type_table.h defines when a row shows something and how paths are laid out. The elements of
// a set count at [place tag], the fields of a map at [place h]; each field is a place again. A
// place is shown when anything in it is shown; a shown place counts in its map, or in its space.
// The elements of a list of containers count at [place i], each by its member row alone: what is in
// an element counts inside it and nowhere above, whether the element is in its list or not.
// Rows of other shapes, and rows of space 0, are not counted.
//
// Places are counted on the first kCountedDepth levels. Of what is deeper, one number is kept, at
// the place on that level: the rows below it that are shown and not in an element there. So a row
// costs no more than its own path, however deep, and the place is known to be shown. A collection
// of elements has its count on every level; of a deeper map the fields are counted when asked
// (RowReader::count).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/key.h>

#include "core/path.h"
#include "rows/stored_tags.h"

namespace anabranch::rows {

// Paths of more components are deep. Applications make none, peers may. The number is part of the
// stored form (docs/formats.md).
inline constexpr std::size_t kCountedDepth = 64;

// Returns the beginning of an encoded path with the first kCountedDepth components; all of it when
// it has no more.
[[nodiscard]] std::string_view counted_part(std::string_view encoded);
// Whether a path is deep.
[[nodiscard]] inline bool is_deep(const core::Path& path) {
  return counted_part(path.encoded()).size() < path.encoded().size();
}
// Whether a path is that of a deep map: its fields are counted when asked.
[[nodiscard]] bool is_deep_map(const core::Path& path);
// Whether a path has exactly kCountedDepth components: it may have the number of deep rows below.
[[nodiscard]] bool is_counted_level(const core::Path& path);
// Whether a row, shown, counts in a map that it is in: no element is between them.
[[nodiscard]] bool counts_in(const core::Path& row, const core::Path& map);

// Whether a count is made anew when all rows at or below a prefix are counted anew: what is at or
// below it, and the number that is kept for it if it is deep. `counted` is its counted part.
[[nodiscard]] inline bool counts_anew(const core::Path& prefix, const core::Path& counted,
                                      const core::Path& collection) {
  return prefix.is_prefix_of(collection) || counted == collection ||
         !counted.is_prefix_of(collection);
}

// The table in which counts are read and changed.
class CountTable {
 public:
  virtual ~CountTable() = default;
  [[nodiscard]] virtual std::uint64_t count(const core::Path& collection) const = 0;
  virtual void set_count(const core::Path& collection, std::uint64_t count) = 0;
  // Whether the row shows anything.
  [[nodiscard]] virtual bool row_present(const core::Path& row) const = 0;
  // Returns the types that may show something in a place.
  [[nodiscard]] virtual StoredTags stored_tags(const core::Path& /*place*/) const {
    return StoredTags::any();
  }
  // A type began to be shown in a place, or to be hidden there, where another type has something.
  virtual void share_place(const core::Path& /*place*/, Type /*type*/) {}
};

// Returns whether a row counts once it shows something. Rows of types that this version does not
// know do not, nor do parts of an element.
[[nodiscard]] bool counts_at_all(const core::Path& row);

// Updates the counts after a row began or ceased to be shown. Called once per change, after the row
// was changed.
void count_presence(const core::Path& row, bool present, CountTable& table);

// Updates the counts outside of a prefix for everything shown at or below the prefix in the table:
// call it before all those rows cease to be shown at once, or (`up`) after they began to be shown.
// The caller updates the counts at and below the prefix, which is not deep.
void count_prefix(const core::Path& prefix, bool up, CountTable& table);

// One collection on the way to a row that shows something, and the row's member there; or the place
// that counts a deep row, and the rest of its path. counted_in() returns the outermost first.
struct Counted {
  core::Path collection;
  std::string member;
  bool counts = true;  // False above an element that the row is in: its member row alone counts.
};
// `levels`: kCountedDepth, or kAllLevels as directories of earlier versions count.
inline constexpr std::size_t kAllLevels = SIZE_MAX;
[[nodiscard]] std::vector<Counted> counted_in(const core::Path& row,
                                              std::size_t levels = kCountedDepth);

}  // namespace anabranch::rows
