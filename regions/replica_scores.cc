// What a replica does about the order of scores besides keeping it with each change of a row: it
// works on what is left to do, in slices.
#include "regions/replica.h"

namespace anabranch::regions {

core::Result<bool> Replica::order_slice() {
  if (!ordering_ || broken()) return false;
  const auto done = state_.change_rows([&](rows::Stage& stage) -> core::Result<void> {
    const auto snapshot = state_.storage().snapshot();
    ordering_ =
        rows::work_on_orders(stage, {*snapshot, names().origins()}, options_.limits.sweep.changes);
    return ordering_ ? state_.commit({.stage = &stage}) : core::Result<void>();
  });
  if (!done.ok()) return done.failure();
  return ordering_;
}

}  // namespace anabranch::regions
