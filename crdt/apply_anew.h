// The effects of puts and removes (apply.h) on a cell that stays as it was, since they may be
// undone: only what is left of it is copied. Of a single sibling that is removed the effect does
// not tell.
#pragma once

#include "crdt/apply.h"

namespace anabranch::crdt {

// Makes `after`, which is empty, the cell behind the put.
CellEffect apply_put(const Cell& before, Cell& after, Sibling&& put,
                     const core::VersionVector& context);
// Makes `after`, which is empty, the cell behind the remove.
CellEffect apply_remove(const Cell& before, Cell& after, const core::VersionVector& context);

}  // namespace anabranch::crdt
