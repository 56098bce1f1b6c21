// What each op does to a row, the same for local and foreign ops and for recovery.
// `apply_op` of tests/model/model.py, one function per effect. A clear is apply_remove on every
// cell and apply_reset on every listed tally below its prefix. Figures that no leader writes (a
// frame that no op of the origin can have opened, a reset of additions that are not there) are
// applied as nothing, so that the row's invariants hold whatever a peer sends.
#pragma once

#include <span>
#include <vector>

#include "core/op.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// Removes what `context` covers and adds the op's own sibling, unless it is there already.
void apply_put(Cell& cell, const core::Put& put, core::Dot dot, core::Hlc hlc,
               const core::VersionVector& context);
void apply_remove(Cell& cell, const core::VersionVector& context);
// Sets the slot of the op's origin; an unknown birth opens a new frame in place of the old one. A
// slot that has come as far as the op stays as it is.
void apply_add(Tally& tally, const core::Add& add, core::Dot dot);
// Rebases the slots that are still in the frame that was observed.
void apply_reset(Tally& tally, std::span<const core::ObservedSlot> observed, core::Dot dot);

// `prepare` of the model: what a leader writes into an op, from the row as it is.

// An addition of `amount` by the op `dot`: goes on in the origin's frame, or opens a new one.
core::Add prepare_add(const Tally& tally, core::Path path, core::Number amount, core::Dot dot);
// The live slots, as a reset or clear must list them.
std::vector<core::ObservedSlot> observed(const Tally& tally);

// Drops dead slots of origins that can only open a new frame any more: the own one, and those whose
// applied transactions show that they had applied the reset. `seen(origin)` gives the newest deps
// that an applied transaction of the origin carried, own entry included. Returns whether any went.
template <typename Seen>
bool collect(Tally& tally, core::Origin self, const Seen& seen) {
  return std::erase_if(tally.slots, [&](const Slot& slot) {
           return slot.dead() && (slot.origin == self || seen(slot.origin).covers(slot.reset));
         }) > 0;
}

}  // namespace anabranch::crdt
