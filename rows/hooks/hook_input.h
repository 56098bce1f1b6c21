// What a hook gets, a function between the siblings of a row: of the process (Options) or of a
// module. It follows from the rows of one state alone, so that every region with equal rows gives
// every hook the same.
#pragma once

#include <string_view>
#include <vector>

#include <anabranch/conflict.h>

#include "core/path.h"
#include "crdt/row.h"
#include "plugins/conflict_input.h"
#include "rows/policy/origin_regions.h"

namespace anabranch::rows {

// Returns the input for a cell at the path with these components. It refers to all arguments.
[[nodiscard]] plugins::ConflictInput hook_input(const core::Components& row,
                                                std::string_view prefix, const crdt::Cell& cell,
                                                const OriginRegions& regions);
// Returns a copy, for functions of the process.
[[nodiscard]] Conflict to_conflict(const plugins::ConflictInput& input);
// Returns the siblings of a cell in canonical order, as the public API shows them.
[[nodiscard]] std::vector<anabranch::Sibling> public_siblings(const crdt::Cell& cell,
                                                              const OriginRegions& regions);

}  // namespace anabranch::rows
