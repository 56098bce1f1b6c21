#include "crdt/row.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace anabranch::crdt {

void Cell::forget(const core::VersionVector& context) {
  std::erase_if(siblings, [&](const Sibling& sibling) { return context.covers(sibling.dot); });
}

void Cell::add(Sibling sibling) {
  const auto at = std::ranges::lower_bound(siblings, sibling.dot, {}, &Sibling::dot);
  ANABRANCH_ASSERT(at == siblings.end() || at->dot != sibling.dot);
  siblings.insert(at, std::move(sibling));
}

const Slot* Tally::find(core::Origin origin) const {
  const auto at = std::ranges::lower_bound(slots, origin, {}, &Slot::origin);
  return at != slots.end() && at->origin == origin ? &*at : nullptr;
}

Slot& Tally::slot(core::Origin origin) {
  const auto at = std::ranges::lower_bound(slots, origin, {}, &Slot::origin);
  if (at != slots.end() && at->origin == origin) return *at;
  Slot made;
  made.origin = origin;
  return *slots.insert(at, made);
}

bool Tally::live() const {
  return std::ranges::any_of(slots, [](const Slot& slot) { return !slot.dead(); });
}

core::Number Tally::sum() const {
  core::Number sum;
  for (const Slot& slot : slots) {
    if (!slot.dead()) sum = sum.plus(slot.value());
  }
  return sum;
}

}  // namespace anabranch::crdt
