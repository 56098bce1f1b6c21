// What decides between siblings: the type, the policy of the key, and the names of regions, at
// which a resolver may look. Values are resolved on the way out; nothing stored depends on it, but
// for derived orders of scores.
#pragma once

#include <optional>
#include <string>

#include "core/path.h"
#include "crdt/resolve.h"
#include "crdt/row.h"
#include "rows/names.h"
#include "rows/resolvers.h"

namespace anabranch::rows {

// Cheap to make and thread-safe; the references must outlive it.
class Decider {
 public:
  Decider(const Names& names, const Resolvers& resolvers) : names_(names), resolvers_(resolvers) {}

  // The value that a row shows, the tally not yet added; nothing when its cell is empty.
  [[nodiscard]] std::optional<std::string> value(const core::Path& path,
                                                 const crdt::Cell& cell) const;
  // The score of a row of a sorted set.
  [[nodiscard]] double score(const core::Path& path, const crdt::Row& row) const;
  // Names regions.
  [[nodiscard]] crdt::RegionOf region_of() const;

 private:
  const Names& names_;
  const Resolvers& resolvers_;
};

}  // namespace anabranch::rows
