#include "regions/snapshot/row_merge.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "crdt/join.h"
#include "rows/conflicts/hidden_rows.h"
#include "rows/stage/apply_op.h"
#include "rows/stage/clear.h"
#include "rows/stage/sweep.h"

namespace anabranch::regions {

using core::Bug;
using core::Path;
using core::planted;
using crdt::Row;

namespace {

std::size_t bytes_of(const Row& row) {
  std::size_t bytes = 0;
  for (const crdt::Sibling& each : row.cell.siblings) {
    bytes += each.value.size() + (each.base ? each.base->size() : 0);
  }
  return bytes;
}

// The path at which an op may make a row; null for ops that only change existing rows.
const Path* made_by(const core::Op& op) {
  if (const auto* put = std::get_if<core::Put>(&op)) return &put->path;
  if (const auto* add = std::get_if<core::Add>(&op)) return &add->path;
  return nullptr;
}

}  // namespace

rows::Stage& RowMerge::stage() {
  if (!staged_) staged_.emplace(storage_.snapshot(), origins_, scores_);
  return staged_->stage;
}

core::Result<void> RowMerge::look() {
  while (state_ == Theirs::kUnread) {
    const auto item = theirs_.next();
    if (!item.ok()) return item.failure();
    switch (item.value()) {
      case SnapshotScan::Item::kHeader:
        break;
      case SnapshotScan::Item::kRow:
        state_ = Theirs::kRow;
        break;
      case SnapshotScan::Item::kEnd:
        state_ = Theirs::kEnd;
        break;
      case SnapshotScan::Item::kNothing:
        return core::corrupt("a snapshot that was checked ends early");
    }
  }
  return {};
}

void RowMerge::join(const std::string& key, const Path& path, const Row& mine, const Row& theirs) {
  static const auto* const nothing = new core::VersionVector;
  const bool all_theirs = own_ == Own::kReplace || planted(Bug::kMergeRemoved);
  const core::VersionVector& applied = all_theirs ? *nothing : *applied_;
  Row joined = crdt::join(mine, applied, theirs, theirs_.vector());
  rows::note_merge(path, mine.cell, joined.cell, notes_);
  if (!joined.empty()) stage().edit(path, [&](Row& row) { row = std::move(joined); });
  // Of all keys with two types, also those that had both here before.
  if (const auto shared = stage().take_shared_place()) {
    rows::note_hidden_rows(stage(), shared->place, shared->type, {path, {}, {}, false}, notes_);
  }
  last_key_ = key;
  --rows_left_;
  bytes_left_ -= std::min(bytes_left_, bytes_of(mine) + bytes_of(theirs) + key.size());
}

bool RowMerge::join_theirs_before(const std::string* key) {
  for (;;) {
    if (auto looked = look(); !looked.ok()) {
      failure_ = looked.failure();
      return false;
    }
    if (state_ == Theirs::kEnd || (key != nullptr && theirs_.key() >= *key)) return true;
    if (rows_left_ == 0 || bytes_left_ == 0) return false;
    join(theirs_.key(), theirs_.path(), {}, theirs_.row());
    state_ = Theirs::kUnread;
  }
}

core::Result<void> RowMerge::slice(const core::VersionVector& applied, std::size_t rows_max,
                                   std::size_t bytes_max) {
  ANABRANCH_ASSERT(!finished() && !staged_);
  if (!put_off_.empty()) {
    clear_slice(rows_max, bytes_max);
    return {};
  }
  applied_ = &applied;
  rows_left_ = rows_max;
  bytes_left_ = bytes_max;
  const rows::SnapshotReader mine(storage_.snapshot(), origins_, rows::Tallies::kAsLogged);
  bool whole = true;
  const auto visit = [&](const std::string& key, const Path& path, const Row& row) {
    whole = join_theirs_before(&key) && rows_left_ > 0 && bytes_left_ > 0;
    if (!whole) return false;
    const bool both = state_ == Theirs::kRow && theirs_.key() == key;
    join(key, path, row, both ? theirs_.row() : Row());
    if (both) state_ = Theirs::kUnread;
    return true;
  };
  if (own_ == Own::kJoin) mine.scan_rows(last_key_, visit);
  if (whole && join_theirs_before(nullptr)) all_ = true;
  applied_ = nullptr;
  return failure_ ? core::Result<void>(*failure_) : core::Result<void>();
}

bool RowMerge::merged(const Path& path) const { return all_ || core::row_key(path) <= last_key_; }

void RowMerge::apply(const core::Batch& batch, const core::VersionVector& deps) {
  if (own_ == Own::kReplace || theirs_.vector().at(batch.origin) >= batch.last()) return;
  if (planted(Bug::kMergeSkipsTail)) return;
  // Rows that are not merged yet do not exist: only ops that make a row have to be held back.
  rows::apply_ops(stage(), batch, deps,
                  [this](const core::Op& op, core::Dot dot, const core::VersionVector& context) {
                    if (const auto* clear = std::get_if<core::Clear>(&op)) {
                      return !put_off(*clear, dot, context);
                    }
                    const Path* path = made_by(op);
                    return path == nullptr || merged(*path);
                  });
}

bool RowMerge::put_off(const core::Clear& op, core::Dot dot, const core::VersionVector& context) {
  if (stage().stored_below(op.prefix, clear_rows_direct_ + 1) <= clear_rows_direct_) return false;
  rows::clear_tallies(stage(), op, dot);
  // One that has begun goes on, so that it ends.
  const auto same = std::ranges::find_if(put_off_, [&](const rows::Mask& each) {
    return each.prefix == op.prefix && each.swept == rows::SweepMark();
  });
  if (same == put_off_.end()) {
    put_off_.push_back({.prefix = op.prefix, .context = context, .swept = {}});
  } else {
    same->context.join(context);
  }
  core::mark<"a large clear comes during a merge">();
  return true;
}

void RowMerge::clear_slice(std::size_t rows_max, std::size_t bytes_max) {
  constexpr std::size_t kLooksPerRow = 8;  // Rows that stay as they are cost little.
  rows::Mask& clear = put_off_.front();
  const rows::SweepSlice slice =
      rows::next_slice(*storage_.snapshot(), origins_, clear,
                       {.changes = rows_max, .looks = kLooksPerRow * rows_max, .bytes = bytes_max},
                       storage::Table::kNextRows);
  for (const Path& path : slice.rows) {
    stage().edit(path, [&](Row& row) { row.cell.forget(clear.context); });
  }
  clear.swept = slice.mark;
  // The counts have followed each row.
  if (clear.swept.in_counts) put_off_.erase(put_off_.begin());
}

void RowMerge::put_on_top(const core::Batch& batch, const core::VersionVector& deps) {
  ANABRANCH_ASSERT(all_);
  rows::apply_ops(stage(), batch, deps,
                  [this](const core::Op& op, core::Dot dot, const core::VersionVector& context) {
                    const auto* clear = std::get_if<core::Clear>(&op);
                    return clear == nullptr || !put_off(*clear, dot, context);
                  });
}

void RowMerge::take_changes(storage::Changes& changes, const rows::Stage::Collect& note) {
  if (!staged_) return;
  storage::Changes staged;
  staged_->stage.take_changes(origins_, note, digests_, staged);
  counts_deep_ = counts_deep_ || staged_->stage.counts_deep();
  for (const storage::ChangeView& change : staged) {
    changes.set(storage::next_table(change.table), change.key, change.value);
  }
  notes_.add(staged_->stage.take_notes());
  staged_.reset();
}

}  // namespace anabranch::regions
