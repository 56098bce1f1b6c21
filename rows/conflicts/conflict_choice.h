// The rule between the values of a conflict, as the log records it: its name and the value that it
// shows. A function is not called: what it makes of the values follows from the entry whenever
// somebody asks.
#pragma once

#include <string>

#include "crdt/row.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/policy/policy_table.h"
#include "rows/resolvers.h"

namespace anabranch::rows {

struct ConflictChoice {
  // "max", "native nearest", "resolver nearest"; "type" where the type decides.
  std::string policy = {};
  std::string prefix = {};  // Of a policy in a row; else empty.
  core::Dot shown = {};     // Origin 0 where a function decides, or a policy of a newer version.
  bool operator==(const ConflictChoice&) const = default;
};

// Returns the choice between values of a row that can lose. There must be one at least.
[[nodiscard]] ConflictChoice choice_between(const core::Path& path,
                                            const std::vector<crdt::Sibling>& values,
                                            const PolicyTable& policies,
                                            const Resolvers& resolvers);

}  // namespace anabranch::rows
