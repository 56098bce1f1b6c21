// The choices between the siblings of a cell that need no function of the application. Each follows
// from the siblings alone: replicas with equal cells choose the same one.
#pragma once

#include "crdt/row.h"

namespace anabranch::crdt {

// Each returns a sibling of the cell, which must not be empty; the reference is valid as long as
// the cell is unchanged.

// The last one in canonical order: by time, then origin, then seq.
[[nodiscard]] const Sibling& last_written(const Cell& cell);
// The one with the greatest, or the least, value by value_less(); of equal values the last one in
// canonical order.
[[nodiscard]] const Sibling& greatest(const Cell& cell);
[[nodiscard]] const Sibling& least(const Cell& cell);

}  // namespace anabranch::crdt
