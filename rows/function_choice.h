// The value that a function of the process shows for siblings.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/options.h>

#include "crdt/resolve.h"
#include "crdt/row.h"
#include "rows/resolvers.h"

namespace anabranch::rows {

// Returns the value of a cell by one of the resolvers of the process, or by the last written where
// that declines or throws. `all` counts what has thrown. The cell must not be empty.
[[nodiscard]] std::string value_by(const Resolver& resolver, std::string_view key,
                                   const crdt::Cell& cell, const crdt::RegionOf& region,
                                   const Resolvers& all);

}  // namespace anabranch::rows
