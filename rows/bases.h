// Bases: the value that a put replaces, stored with the value that it puts, where the policy of the
// key keeps bases. It is decided once, by the writer: of several values the one that the policy
// shows among those that the put replaces.
#pragma once

#include <optional>
#include <string>

#include "core/path.h"
#include "core/version_vector.h"
#include "crdt/row.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// Returns whether puts at a path keep bases in a state: the policy of the key says so, and a policy
// decides between the values there. A policy of a newer version keeps none.
[[nodiscard]] bool keeps_bases(const RowReader& state, const core::Path& path);

// Returns the base of a put over a cell of such a path: nullopt if the context covers none of its
// siblings. Throws Error{kNoMemory}, and Error{kCorrupt}.
[[nodiscard]] std::optional<std::string> base_of_put(const RowReader& state, const core::Path& path,
                                                     const crdt::Cell& cell,
                                                     const core::VersionVector& context,
                                                     const Resolvers& resolvers);

}  // namespace anabranch::rows
