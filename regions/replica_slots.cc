// What a replica does about dead slots: it drops them from the rows that it writes, as soon as all
// who could need them are known not to, and remembers the rows in which some stay.
#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;

void Replica::leaves(const core::Path& path, crdt::Row& row) {
  if (RegionList::prefix().is_prefix_of(path)) regions_touched_ = true;
  note_expiry(path);
  if (std::ranges::none_of(row.tally.slots, &crdt::Slot::dead)) return;
  crdt::collect(
      row.tally, state_.identity().origin, [&](core::Origin origin) -> const auto& {
        return planted(Bug::kCollectTooEarly) ? state_.applied().vector()
                                              : state_.applied().head(origin).deps;
      });
  note_dead(path, row);
}

void Replica::note_dead(const core::Path& path, const crdt::Row& row) {
  const bool some = std::ranges::any_of(row.tally.slots, &crdt::Slot::dead);
  if (some && dead_.size() < kDeadRowsMax) dead_.insert(path);
}

core::Result<void> Replica::collect() {
  if (dead_.empty() && !broken()) return {};
  ANABRANCH_ASSERT(!dirty());
  drop_group();
  return state_.change_rows([&](rows::Stage& stage) {
    for (const core::Path& path : std::exchange(dead_, {})) stage.touch(path);
    return state_.commit({.stage = &stage});
  });
}

}  // namespace anabranch::regions
