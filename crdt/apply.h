// The effect of each op on a row, the same for local and foreign ops and for recovery. `apply_op`
// of tests/model/model.py, one function per effect. A clear is apply_remove on every cell and
// apply_reset on every listed tally below its prefix. Figures that no leader writes (a frame that
// no op of the origin can have opened, a reset of additions that are absent) have no effect, so
// that the row's invariants hold whatever a peer sends.
#pragma once

#include <span>
#include <vector>

#include "core/op.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// The effect of an op on a cell.
struct CellEffect {
  std::vector<Sibling> removed = {};  // In order.
  bool added = false;                 // The sibling of the op was not there before, and is now.
};

// Removes the siblings covered by `context`, and adds that of the put.
CellEffect apply_put(Cell& cell, Sibling put, const core::VersionVector& context);
// Removes the siblings covered by `context`.
CellEffect apply_remove(Cell& cell, const core::VersionVector& context);
// The same for a cell that stays as it was, since the op may be undone: they make `after`, which is
// empty, the cell behind the op, and copy only what is left. Of a single sibling that is removed
// the effect does not tell.
CellEffect apply_put(const Cell& before, Cell& after, Sibling&& put,
                     const core::VersionVector& context);
CellEffect apply_remove(const Cell& before, Cell& after, const core::VersionVector& context);
// Sets the slot of the op's origin; an unknown birth opens a new frame in place of the old one. A
// slot that already includes the op stays unchanged.
void apply_add(Tally& tally, const core::Add& add, core::Dot dot);
// Rebases the slots that are still in the observed frame.
void apply_reset(Tally& tally, std::span<const core::ObservedSlot> observed, core::Dot dot);

// `prepare` of the model: the contents that a leader writes into an op, from the present row.

// Returns an addition of `amount` by the op `dot`: it continues the origin's frame, or opens a new
// one.
core::Add prepare_add(const Tally& tally, core::Path path, core::Number amount, core::Dot dot);
// Returns the live slots, as listed in a reset or clear.
std::vector<core::ObservedSlot> observed(const Tally& tally);

// Drops dead slots of origins that can only open new frames from now on: this leader's own, and
// those known from their applied transactions to have applied the reset. `seen(origin)` returns the
// newest deps of an applied transaction of the origin, own entry included. Returns whether a slot
// was dropped.
template <typename Seen>
bool collect(Tally& tally, core::Origin self, const Seen& seen) {
  return std::erase_if(tally.slots, [&](const Slot& slot) {
           return slot.dead() && (slot.origin == self || seen(slot.origin).covers(slot.reset));
         }) > 0;
}

}  // namespace anabranch::crdt
