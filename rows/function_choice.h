// The value that a function of the process shows for siblings.
//
// The function is asked once for each conflict as long as its answer is kept. One that declines
// leaves the decision to the last written; so does one that throws, which is an alarm. One that
// takes long, or that answers otherwise when it is asked a second time, is an alarm and nothing
// else. One without memory decides nothing: the read fails.
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
  // Of functions of one name and source, others have other prefixes.
  enum class Source : char { kRow = 'p', kOptions = 'o' };

  const Resolver& resolver;
  std::string_view prefix;
  Source source;
};
// The function of a native policy, and that of a prefix in the options.
[[nodiscard]] inline FunctionChoice by_row(const Resolver& function, std::string_view prefix) {
  return {function, prefix, FunctionChoice::Source::kRow};
}
[[nodiscard]] inline FunctionChoice by_options(const PrefixResolver& entry) {
  return {entry.resolver, entry.prefix, FunctionChoice::Source::kOptions};
}

// Returns the value of a cell at the path with these components by one of the functions of the
// process. `all` keeps its answers and alarms; the regions of origins are those of the state. The
// cell must not be empty. Throws Error{kNoMemory}, and Error{kCorrupt}.
[[nodiscard]] std::string value_by(const FunctionChoice& choice, const core::Components& row,
                                   const crdt::Cell& cell, const RowReader& state,
                                   const Resolvers& all);

}  // namespace anabranch::rows
