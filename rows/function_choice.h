// The value that a function of the process shows for siblings.
//
// The function is asked once for each conflict as long as its answer is kept (kept_answers.h). One
// that declines leaves the decision to the last written; so does one that throws, which is an
// alarm. One that takes long, or that answers otherwise when it is asked a second time, is an alarm
// and nothing else. One without memory decides nothing: the read fails.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/options.h>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// A function that is to choose, and the prefix of keys for which it does. Refers to both.
struct FunctionChoice {
  const Resolver& resolver;
  std::string_view prefix;
};
[[nodiscard]] inline FunctionChoice choice_of(const PrefixResolver& entry) {
  return {entry.resolver, entry.prefix};
}

// Returns the value of a cell at a path by one of the functions of the process. `row` has the
// components of the path. `all` keeps its answers and alarms; the regions of origins are those of
// the state. The cell must not be empty. Throws Error{kNoMemory}, and Error{kCorrupt}.
[[nodiscard]] std::string value_by(const FunctionChoice& choice, const core::Path& path,
                                   const core::Components& row, const crdt::Cell& cell,
                                   const RowReader& state, const Resolvers& all);

}  // namespace anabranch::rows
