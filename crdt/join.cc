#include "crdt/join.h"

#include "core/assert.h"

namespace anabranch::crdt {
namespace {

// Joins two slots of the same origin.
Slot join_slots(const Slot& x, const Slot& y) {
  ANABRANCH_ASSERT(x.origin == y.origin);
  // An origin opens a frame only when the one before has ended.
  if (x.birth != y.birth) return x.birth > y.birth ? x : y;
  Slot joined = x.seq >= y.seq ? x : y;
  // Keeps the reset with the greatest base_seq; of several, the smallest dot (see apply_reset).
  const bool x_further = x.base_seq != y.base_seq ? x.base_seq > y.base_seq : x.reset <= y.reset;
  const Slot& based = x_further ? x : y;
  joined.base_seq = based.base_seq;
  joined.base = based.base;
  joined.reset = based.reset;
  return joined;
}

// Merges two sorted lists. An item of one side only is new, unless the other side's vector covers
// its dot; items of both sides go through `both`.
template <typename Item, typename Key, typename DotOf, typename Both>
std::vector<Item> join_sorted(const std::vector<Item>& mine,
                              const core::VersionVector& mine_applied,
                              const std::vector<Item>& theirs,
                              const core::VersionVector& theirs_applied, const Key& key,
                              const DotOf& dot_of, const Both& both) {
  std::vector<Item> joined;
  joined.reserve(mine.size() + theirs.size());
  auto x = mine.begin();
  auto y = theirs.begin();
  while (x != mine.end() || y != theirs.end()) {
    if (y == theirs.end() || (x != mine.end() && key(*x) < key(*y))) {
      if (!theirs_applied.covers(dot_of(*x))) joined.push_back(*x);
      ++x;
    } else if (x == mine.end() || key(*y) < key(*x)) {
      if (!mine_applied.covers(dot_of(*y))) joined.push_back(*y);
      ++y;
    } else {
      joined.push_back(both(*x, *y));
      ++x;
      ++y;
    }
  }
  return joined;
}

}  // namespace

Cell join(const Cell& mine, const core::VersionVector& mine_applied, const Cell& theirs,
          const core::VersionVector& theirs_applied) {
  const auto dot = [](const Sibling& sibling) { return sibling.dot; };
  return {join_sorted(mine.siblings, mine_applied, theirs.siblings, theirs_applied, dot, dot,
                      [](const Sibling& x, const Sibling&) { return x; })};
}

Tally join(const Tally& mine, const core::VersionVector& mine_applied, const Tally& theirs,
           const core::VersionVector& theirs_applied) {
  const auto origin = [](const Slot& slot) { return slot.origin; };
  const auto newest = [](const Slot& slot) { return core::Dot{slot.origin, slot.seq}; };
  return {join_sorted(mine.slots, mine_applied, theirs.slots, theirs_applied, origin, newest,
                      join_slots)};
}

Row join(const Row& mine, const core::VersionVector& mine_applied, const Row& theirs,
         const core::VersionVector& theirs_applied) {
  return {join(mine.cell, mine_applied, theirs.cell, theirs_applied),
          join(mine.tally, mine_applied, theirs.tally, theirs_applied)};
}

}  // namespace anabranch::crdt
