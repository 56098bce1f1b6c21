// The values that hooks have chosen, functions of the process and modules, as long as they are kept
// (hooks/answer_cache.h).
#pragma once

#include <optional>
#include <string>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/hooks/answer_cache.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// Returns the tables that answers for a state depend on. Throws Error{kCorrupt}.
[[nodiscard]] AnswerCache::Tables tables_of(const RowReader& state);

// Returns the value that a hook has chosen for this cell in this state, if it is kept; nullopt if
// it is not, and where the type of the row decides. Nearly free in a process that has asked no
// hook. Throws Error{kCorrupt}.
[[nodiscard]] std::optional<std::string> kept_value(const core::Path& path, const crdt::Cell& cell,
                                                    const RowReader& state, const Resolvers& all);

}  // namespace anabranch::rows
