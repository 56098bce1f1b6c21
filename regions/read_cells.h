// The cells of which a transaction has read all concurrent values. What it then writes there names
// the values it removes, in the context of its op: so every region sees that they were replaced
// by somebody who knew them. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/path.h"
#include "core/version_vector.h"
#include "crdt/row.h"

namespace anabranch::regions {

class ReadCells {
 public:
  // The values of a cell were read in a state that had applied `seen`.
  void note(const core::Path& path, const core::VersionVector& seen) { seen_[path] = seen; }
  void clear() { seen_.clear(); }
  [[nodiscard]] bool empty() const { return seen_.empty(); }
  // Returns the cells at or below a path of which the values were read.
  [[nodiscard]] std::vector<core::Path> below(const core::Path& prefix) const {
    std::vector<core::Path> paths;
    for (const auto& [path, seen] : seen_) {
      if (prefix.is_prefix_of(path)) paths.push_back(path);
    }
    return paths;
  }

  // Returns the context of an op on a cell: its values, if there are several and all were read;
  // nullopt otherwise. The context covers the values of the cell and no other ones that are shown.
  [[nodiscard]] std::optional<core::VersionVector> context(const core::Path& path,
                                                           const crdt::Cell& cell) const {
    const auto seen = seen_.find(path);
    if (seen == seen_.end() || cell.siblings.size() < 2) return std::nullopt;
    core::VersionVector values;
    for (const crdt::Sibling& each : cell.siblings) {
      if (!seen->second.covers(each.dot)) return std::nullopt;
      values.raise(each.dot.origin, each.dot.seq);
    }
    return values;
  }

 private:
  std::map<core::Path, core::VersionVector> seen_;
};

}  // namespace anabranch::regions
