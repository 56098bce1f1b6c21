#include "crdt/apply.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::crdt {

using core::Bug;
using core::mark;
using core::planted;

CellEffect apply_put(Cell& cell, Sibling put, const core::VersionVector& context) {
  CellEffect effect;
  if (!planted(Bug::kKeepCoveredSiblings)) effect.removed = cell.forget(context);
  effect.added = cell.add(std::move(put));
  return effect;
}

CellEffect apply_remove(Cell& cell, const core::VersionVector& context) {
  return {.removed = cell.forget(context), .added = false};
}

CellEffect apply_put(const Cell& before, Cell& after, Sibling&& put,
                     const core::VersionVector& context) {
  CellEffect effect;
  if (planted(Bug::kKeepCoveredSiblings)) {
    after = before;
  } else {
    effect = apply_remove(before, after, context);
  }
  effect.added = after.add(std::move(put));
  return effect;
}

CellEffect apply_remove(const Cell& before, Cell& after, const core::VersionVector& context) {
  CellEffect effect;
  const bool many = before.siblings.size() > 1;
  for (const Sibling& each : before.siblings) {
    if (!context.covers(each.dot)) {
      after.siblings.push_back(each);
    } else if (many) {
      effect.removed.push_back(each);
    }
  }
  return effect;
}

void apply_add(Tally& tally, const core::Add& add, core::Dot dot) {
  // A frame is named by an op of the origin, this one or an earlier one. No leader writes other
  // births, and a peer that does must not break the rows of others: the op has no effect.
  if (add.birth == 0 || add.birth > dot.seq) return;
  Slot& slot = tally.slot(dot.origin);
  if (slot.seq >= dot.seq) return;  // Applied before.
  if (slot.birth != add.birth && !planted(Bug::kIgnoreBirth)) {
    slot = Slot{};
    slot.origin = dot.origin;
    slot.birth = add.birth;
  }
  slot.seq = dot.seq;
  slot.total = add.total;
}

void apply_reset(Tally& tally, std::span<const core::ObservedSlot> observed, core::Dot dot) {
  for (core::ObservedSlot seen : observed) {
    const Slot* found = tally.find(seen.origin);
    if (found == nullptr || found->birth != seen.birth) {
      mark<"a reset meets a frame that is gone">();
      continue;
    }
    if (seen.seq < found->seq) mark<"a reset meets an addition that it had not seen">();
    if (planted(Bug::kResetTooMuch)) seen = {seen.origin, seen.birth, found->seq, found->total};
    // A position between two additions has the total of the first as well.
    if (seen.seq > found->seq && seen.total == found->total) seen.seq = found->seq;
    // Causal delivery brings an addition before the resets that saw it. As above, the false claim
    // of a peer changes no slot.
    if (seen.seq < found->birth || seen.seq > found->seq) continue;
    // Of several resets that saw the same addition the smallest dot is kept, here and in join, so
    // that the row does not depend on the order of arrival. Any of them would do for `collect`: an
    // origin that has applied one of them has a dead slot itself, and opens a new frame with its
    // next addition.
    const bool further = seen.seq > found->base_seq;
    const bool as_far = seen.seq == found->base_seq && dot < found->reset;
    if (!further && !as_far) continue;
    Slot& slot = tally.slot(seen.origin);
    slot.base_seq = seen.seq;
    slot.base = seen.total;
    slot.reset = dot;
  }
}

core::Add prepare_add(const Tally& tally, core::Path path, core::Number amount, core::Dot dot) {
  const Slot* slot = tally.find(dot.origin);
  // At its own origin a dead frame ends at once: no other origin can add to it.
  if (slot == nullptr || slot->dead()) return {std::move(path), dot.seq, amount, amount};
  ANABRANCH_ASSERT(slot->seq < dot.seq);
  return {std::move(path), slot->birth, amount, slot->total.plus(amount)};
}

std::vector<core::ObservedSlot> observed(const Tally& tally) {
  std::vector<core::ObservedSlot> seen;
  seen.reserve(tally.slots.size());
  for (const Slot& slot : tally.slots) {
    if (!slot.dead()) seen.push_back({slot.origin, slot.birth, slot.seq, slot.total});
  }
  if (planted(Bug::kResetTooLittle) && !seen.empty()) seen.pop_back();
  return seen;
}

}  // namespace anabranch::crdt
