// The sibling that a policy shows, for the kinds that choose one without a function.
#pragma once

#include "crdt/row.h"
#include "rows/policy/policy.h"

namespace anabranch::rows {

// Returns the sibling of a cell that a kind of policy shows; null for kNative, kWasm1 and
// kUnknown. The
// cell must not be empty; the pointer is valid as long as the cell is unchanged.
[[nodiscard]] const crdt::Sibling* chosen_sibling(PolicyKind kind, const crdt::Cell& cell);

}  // namespace anabranch::rows
