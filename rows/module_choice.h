// The value that a plugin's module shows for siblings.
//
// A module is run once for each conflict as long as its answer is kept (kept_answers.h).
//
// The verdict follows from the module and the rows alone. One without an answer (a trap, out of
// fuel, ...), a module that is not there and one that is refused leave the decision to the last
// written, in every region; an alarm tells of them. Only want of memory decides nothing: the read
// fails.
#pragma once

#include <string>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/policy/policy_table.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// A policy that names a module, and the table that it is of. Refers to both.
struct ModuleChoice {
  const PolicyRow& policy;
  const PolicyTable& policies;
};

// Returns the value of a cell at a path by a module. `row` has the components of the path. `all`
// keeps answers, machines and alarms; the regions of origins are those of the state. The cell must
// not be empty. Throws Error{kNoMemory}, and Error{kCorrupt}.
[[nodiscard]] std::string value_by(const ModuleChoice& choice, const core::Path& path,
                                   const core::Components& row, const crdt::Cell& cell,
                                   const RowReader& state, const Resolvers& all);

}  // namespace anabranch::rows
