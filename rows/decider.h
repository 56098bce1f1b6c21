// Decides between siblings: by the type, the policy of the key, and the names of regions, which a
// resolver may read. Values are resolved on the way out; no stored bytes depend on it except the
// derived orders of scores.
#pragma once

#include <optional>
#include <string>

#include "core/path.h"
#include "crdt/resolve.h"
#include "crdt/row.h"
#include "rows/names.h"
#include "rows/resolvers.h"

namespace anabranch::rows {

// Cheap to construct and thread-safe; both references must outlive it.
class Decider {
 public:
  Decider(const Names& names, const Resolvers& resolvers) : names_(names), resolvers_(resolvers) {}

  // Returns the value that a row shows, without the tally; nullopt if the cell is empty.
  [[nodiscard]] std::optional<std::string> value(const core::Path& path,
                                                 const crdt::Cell& cell) const;
  // Returns the score of a row of a sorted set.
  [[nodiscard]] double score(const core::Path& path, const crdt::Row& row) const;
  // Returns a function that maps an origin to the name of its region.
  [[nodiscard]] crdt::RegionOf region_of() const;

 private:
  const Names& names_;
  const Resolvers& resolvers_;
};

}  // namespace anabranch::rows
