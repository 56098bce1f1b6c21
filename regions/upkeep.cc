#include "regions/upkeep.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;
using rows::Stage;

namespace {

constexpr std::size_t kOrdersAtOnce = 200;  // That a slice changes, about.

}  // namespace

// ---- Sweeping.

core::Result<bool> Upkeep::sweep(const GroupClosed& /*closed*/) {
  if (!sweeping()) return order_slice();
  if (state_.broken()) return false;
  const auto done = state_.change_rows([&](Stage& stage) { return sweep_slice(stage); });
  if (!done.ok()) return done.failure();
  return sweeping() || ordering();
}

core::Result<void> Upkeep::sweep_slice(Stage& stage) {
  const rows::Masks& masks = *state_.masks();
  const rows::SweepSlice slice =
      rows::next_slice(*state_.sound_snapshot(), state_.names().origins(), masks.oldest(), limits_);
  const CommitSize size{.ops = slice.rows.size() + slice.counts.size(), .batches = 1};
  if (auto ready = state_.make_ready(size); !ready.ok()) return ready;
  std::vector<core::Op> resets;
  for (const core::Path& path : slice.rows) {
    stage.sweep_row(path);
    auto waiting = stage.waiting(path);
    if (!waiting.empty()) resets.push_back(core::Reset{path, std::move(waiting)});
  }
  for (const core::Path& collection : slice.counts) stage.sweep_count(collection);
  std::vector<HeldBatch> batches;
  if (!resets.empty()) batches.push_back(own_.stage_own(stage, std::move(resets)));
  stage.set_masks(slice.done ? masks.without_oldest() : masks.swept(slice.mark));
  const std::vector<storage::LogRecord> records = records_of(batches);
  return state_.commit({.stage = &stage, .records = records});
}

// ---- The order of scores.

core::Result<bool> Upkeep::order_slice() {
  if (!ordering() || state_.broken()) return false;
  const CommitSize size{.ops = std::min(limits_.changes, kOrdersAtOnce)};
  if (auto ready = state_.make_ready(size); !ready.ok()) return ready.failure();
  const auto done = state_.change_rows([&](Stage& stage) -> core::Result<void> {
    if (!state_.reorder().empty()) {
      rows::ScoreReorder reorder = state_.reorder();
      rows::look_for_stale_orders(stage, reorder, limits_.looks, limits_.changes);
      return state_.commit({.stage = &stage, .reorder = &reorder});
    }
    const auto snapshot = state_.sound_snapshot();
    ordering_ = rows::work_on_orders(stage, {*snapshot, state_.names().origins()}, limits_.changes);
    return ordering_ ? state_.commit({.stage = &stage}) : core::Result<void>();
  });
  if (!done.ok()) return done.failure();
  return ordering();
}

std::uint64_t Upkeep::orders_left() const {
  if (!ordering_) return 0;
  std::uint64_t left = state_.reorder().size();
  const auto snapshot = state_.storage().snapshot();
  const std::string end = core::prefix_end(storage::kUnorderedPrefix);
  const auto cursor =
      snapshot->scan(storage::Table::kScores, {.from = storage::kUnorderedPrefix, .to = end});
  for (; cursor->valid(); cursor->next()) {
    if (left >= kOrdersCounted) break;
    ++left;
  }
  return std::min(left, kOrdersCounted);
}

void Upkeep::committed(const Commit& commit) {
  const bool leaves = commit.stage != nullptr && commit.stage->leaves_orders();
  ordering_ = ordering_ || commit.swap || leaves || !state_.reorder().empty();
}

// ---- Dead slots.

void Upkeep::leaves(const core::Path& path, crdt::Row& row) {
  if (std::ranges::none_of(row.tally.slots, &crdt::Slot::dead)) return;
  const Applied& applied = state_.applied();
  crdt::collect(
      row.tally, state_.identity().origin, [&](core::Origin origin) -> const auto& {
        return planted(Bug::kCollectTooEarly) ? applied.vector() : applied.head(origin).deps;
      });
  note_dead_slots(path, row);
}

void Upkeep::note_dead_slots(const core::Path& path, const crdt::Row& row) {
  const bool some = std::ranges::any_of(row.tally.slots, &crdt::Slot::dead);
  if (some && dead_.size() < kDeadRowsMax) dead_.insert(path);
}

core::Result<void> Upkeep::collect(const GroupClosed& /*closed*/) {
  if (dead_.empty() && !state_.broken()) return {};
  if (auto ready = state_.make_ready({.ops = dead_.size()}); !ready.ok()) return ready;
  return state_.change_rows([&](Stage& stage) {
    for (const core::Path& path : std::exchange(dead_, {})) stage.touch(path);
    return state_.commit({.stage = &stage});
  });
}

}  // namespace anabranch::regions
