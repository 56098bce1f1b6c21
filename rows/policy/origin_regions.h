// The regions behind origins, as the rows of the mesh's own space name them:
//
//   [0, "region", NAME, "o", ORIGIN]   a leader of NAME has opened this origin, after another one
//
// Of two regions that name one origin the one whose name is the greatest by its bytes counts.
// Immutable, thread-safe. Equal rows make equal tables, so that a function between siblings is told
// of the same regions in all regions with equal vectors.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/dot.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::rows {

// Returns the path above all rows about regions.
[[nodiscard]] const core::Path& regions_path();
// Returns the path of the row with which a leader of a region says that it has opened an origin.
[[nodiscard]] core::Path origin_path(std::string_view region, core::Origin origin);

// A row that names the region of an origin.
struct OriginRow {
  std::string region;
  core::Origin origin = 0;
};
// Returns what a path means; nullopt if it is that of no such row.
[[nodiscard]] std::optional<OriginRow> read_origin_path(const core::Path& path);
// Returns the origin before, by a value of such a row, 0 for none; nullopt if it cannot be read.
[[nodiscard]] std::optional<core::Origin> read_previous_origin(std::string_view value);

class OriginRegions {
 public:
  // Takes in a row at or below regions_path(); in the order of paths. Rows that make no sense are
  // left out.
  void add(const core::Path& path, const crdt::Cell& cell);

  // Returns the region of an origin; empty if no row names it. The view is valid as long as the
  // table.
  [[nodiscard]] std::string_view find(core::Origin origin) const;
  bool operator==(const OriginRegions&) const = default;

 private:
  std::map<core::Origin, std::string> regions_;
};

}  // namespace anabranch::rows
