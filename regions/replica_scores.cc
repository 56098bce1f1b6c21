// What a replica does about the order of scores besides keeping it with each change of a row: at an
// opening it looks whether the order is of these rows and policies, and it works on what is left to
// do, in slices.
#include "regions/replica.h"

namespace anabranch::regions {

core::Result<void> Replica::load_scores() {
  static const rows::Resolvers kNone({});
  const auto note = rows::load_score_note(*storage_.snapshot());
  if (!note.ok()) return note.failure();
  scores_.emplace(names(), options_.resolvers == nullptr ? kNone : *options_.resolvers,
                  note.value().format == 0 ? options_.nonce : note.value().seed);
  return {};
}

rows::ScoreNote Replica::score_note() const {
  return {.policies = scores_->policies(), .seed = scores_->seed(), .opening = identity_.opening};
}

core::Result<void> Replica::open_scores() {
  if (identity_.opening == 0) return {};  // There are no rows yet.
  const auto note = rows::load_score_note(*storage_.snapshot());
  if (!note.ok()) return note.failure();
  if (note.value() == score_note()) return {};
  return reading([&] { return rows::order_all_anew(storage_, *masks_); });
}

core::Result<bool> Replica::order_slice() {
  if (!ordering_ || broken_) return false;
  const auto done = change_rows([&](rows::Stage& stage) -> core::Result<void> {
    const auto snapshot = storage_.snapshot();
    ordering_ =
        rows::work_on_orders(stage, {*snapshot, names().origins()}, options_.limits.sweep.changes);
    return ordering_ ? commit_stage(stage, {}) : core::Result<void>();
  });
  if (!done.ok()) return done.failure();
  return ordering_;
}

}  // namespace anabranch::regions
