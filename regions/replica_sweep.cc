// What a replica does about large clears besides masking them: it sweeps, and it lists in resets of
// its own the tallies that wait for it.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "core/planted_bug.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Batch;
using rows::Stage;

HeldBatch Replica::stage_own(Stage& stage, std::vector<core::Op> ops) {
  const core::VersionVector deps = state_.applied().vector();
  HeldBatch own;
  own.batch =
      make_batch({{deps.at(state_.identity().origin) + 1, state_.clock()->now(), std::move(ops)}});
  own.bytes = encode(own.batch);
  opening_sent_ = true;
  apply_batch(stage, own, deps);
  return own;
}

std::optional<HeldBatch> Replica::list_waiting(Stage& stage, const Batch& batch) {
  if (!stage.masks()->any_tallies() || state_.clock() == nullptr ||
      planted(core::Bug::kForgetToList))
    return {};
  std::set<core::Path> paths;
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      if (const auto* add = std::get_if<core::Add>(&op)) paths.insert(add->path);
    }
  }
  std::vector<core::Op> resets;
  for (const core::Path& path : paths) {
    auto waiting = stage.waiting(path);
    if (!waiting.empty()) resets.push_back(core::Reset{path, std::move(waiting)});
  }
  if (resets.empty()) return std::nullopt;
  return stage_own(stage, std::move(resets));
}

std::optional<HeldBatch> Replica::next_batch(Stage& stage) {
  const core::VersionVector& applied = state_.applied().vector();
  while (aside_.ready(stage.masks()->last_id())) {
    HeldBatch held = aside_.take(stage);
    if (held.batch.first() == applied.at(held.batch.origin) + 1) return held;
  }
  const std::size_t rows = std::max(options_.limits.clear_rows_counted_at_once,
                                    options_.limits.foreign_clear_rows_direct);
  while (auto held = held_.take_deliverable(applied)) {
    if (aside_.has(held->batch.origin)) continue;  // Came twice.
    if (!ClearsAside::concerns(held->batch, stage, rows)) return held;
    const core::VersionVector deps = deps_of(held->batch);
    aside_.put(*std::move(held), deps);
  }
  return std::nullopt;
}

bool Replica::look_ahead() {
  if (aside_.empty()) return false;
  const auto looked = state_.reading([&]() -> core::Result<void> {
    aside_.look(
        options_.limits.sweep.looks, *state_.masks(), names().origins(),
        [&]() -> std::shared_ptr<const storage::Snapshot> { return state_.storage().snapshot(); });
    return {};
  });
  return looked.ok() && aside_.ready(state_.masks()->last_id());
}

core::Result<bool> Replica::sweep() {
  ANABRANCH_ASSERT(!dirty());
  drop_group();
  if (!sweeping()) return order_slice();
  if (broken()) return false;
  const auto done = state_.change_rows([&](Stage& stage) { return sweep_slice(stage); });
  if (!done.ok()) return done.failure();
  return tidying();
}

core::Result<void> Replica::sweep_slice(Stage& stage) {
  const rows::SweepSlice slice = rows::next_slice(*state_.storage().snapshot(), names().origins(),
                                                  state_.masks()->oldest(), options_.limits.sweep);
  std::vector<core::Op> resets;
  for (const core::Path& path : slice.rows) {
    stage.sweep_row(path);
    auto waiting = stage.waiting(path);
    if (!waiting.empty()) resets.push_back(core::Reset{path, std::move(waiting)});
  }
  for (const core::Path& collection : slice.counts) stage.sweep_count(collection);
  std::vector<HeldBatch> batches;
  if (!resets.empty()) batches.push_back(stage_own(stage, std::move(resets)));
  stage.set_masks(slice.done ? state_.masks()->without_oldest()
                             : state_.masks()->swept(slice.mark));
  return commit_batches(stage, batches);
}

}  // namespace anabranch::regions
