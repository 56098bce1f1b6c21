#include "crdt/row.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/assert.h"

namespace anabranch::crdt {

// The siblings of an origin lie together, and of these a context covers the first ones.
std::vector<Sibling> Cell::forget(const core::VersionVector& context) {
  std::vector<Sibling> forgotten;
  auto kept = siblings.begin();  // Those before it stay.
  for (auto run = siblings.begin(); run != siblings.end();) {
    const core::Origin origin = run->dot.origin;
    const auto first = std::partition_point(run, siblings.end(), [&](const Sibling& each) {
      return each.dot.origin == origin && context.covers(each.dot);
    });
    const auto end = std::partition_point(
        first, siblings.end(), [&](const Sibling& each) { return each.dot.origin == origin; });
    std::move(run, first, std::back_inserter(forgotten));
    kept = kept == first ? end : std::move(first, end, kept);
    run = end;
  }
  siblings.erase(kept, siblings.end());
  return forgotten;
}

bool Cell::any_in(const core::VersionVector& context) const {
  for (auto run = siblings.begin(); run != siblings.end();) {
    if (context.covers(run->dot)) return true;
    const core::Origin origin = run->dot.origin;
    run = std::partition_point(run, siblings.end(),
                               [&](const Sibling& each) { return each.dot.origin == origin; });
  }
  return false;
}

bool Cell::add(Sibling&& sibling) {
  const auto at = std::ranges::lower_bound(siblings, sibling.dot, {}, &Sibling::dot);
  if (at != siblings.end() && at->dot == sibling.dot) return false;
  siblings.insert(at, std::move(sibling));
  return true;
}

const Sibling* Cell::find(core::Dot dot) const {
  const auto at = std::ranges::lower_bound(siblings, dot, {}, &Sibling::dot);
  return at != siblings.end() && at->dot == dot ? &*at : nullptr;
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
