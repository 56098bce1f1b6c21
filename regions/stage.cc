#include "regions/stage.h"

#include <utility>

#include "crdt/row_codec.h"
#include "regions/snapshot_reader.h"

namespace anabranch::regions {

using core::Path;
using crdt::Row;

Row Stage::row(const Path& path) const {
  const auto staged = rows_.find(path);
  return staged == rows_.end() ? base_.row(path) : staged->second.row;
}

// Two sorted sequences, the staged row counting where both have a path.
void Stage::scan(const Path& prefix, const Visit& visit) const {
  auto staged = rows_.lower_bound(prefix);
  const auto below = [&] { return staged != rows_.end() && prefix.is_prefix_of(staged->first); };
  bool going = true;
  const auto offer_staged = [&] {
    if (!staged->second.row.empty()) going = visit(staged->first, staged->second.row);
    ++staged;
  };
  base_.scan(prefix, [&](const Path& path, const Row& row) {
    while (going && below() && staged->first < path) offer_staged();
    if (!going) return false;
    if (below() && staged->first == path) {
      offer_staged();
    } else {
      going = visit(path, row);
    }
    return going;
  });
  while (going && below()) offer_staged();
}

std::uint64_t Stage::count(const Path& path) const {
  const auto staged = counts_.find(path.encoded());
  return staged == counts_.end() ? base_.count(path) : staged->second;
}

void Stage::rollback(Savepoint savepoint) {
  ANABRANCH_ASSERT(undo_kept_ && savepoint <= undo_.size());
  while (undo_.size() > savepoint) {
    UndoStep& step = undo_.back();
    if (step.staged == nullptr) {
      counts_[step.collection] = step.count;
    } else {
      step.staged->row = std::move(step.row);
    }
    undo_.pop_back();
  }
}

std::vector<storage::Change> Stage::changes(const core::OriginTable& origins,
                                            const Collect& collect) {
  std::vector<storage::Change> changes;
  changes.reserve(rows_.size() + counts_.size());
  for (auto& [path, staged] : rows_) {
    if (!staged.changed) continue;
    collect(path, staged.row);
    if (!staged.row.empty()) {
      changes.push_back({storage::Table::kRows, core::row_key(path),
                         crdt::encode_row(path, staged.row, origins)});
    } else if (staged.stored) {
      changes.push_back({storage::Table::kRows, core::row_key(path), std::nullopt});
    }
  }
  for (const auto& [encoded, count] : counts_) {
    changes.push_back({storage::Table::kCounts, core::row_key(Path::trusted(encoded)),
                       count == 0 ? std::nullopt : std::optional(encode_count(count))});
  }
  return changes;
}

Stage::StagedRow& Stage::load(const Path& path) {
  if (newest_ != nullptr && newest_->first == path) return newest_->second;
  auto staged = rows_.lower_bound(path);
  if (staged == rows_.end() || staged->first != path) {
    StagedRow loaded{base_.row(path)};  // What throws leaves nothing behind.
    loaded.stored = !loaded.row.empty();
    staged = rows_.emplace_hint(staged, path, std::move(loaded));
  }
  newest_ = &*staged;
  return staged->second;
}

void Stage::set_count(const Path& collection, std::uint64_t count) {
  if (undo_kept_) undo_.push_back({nullptr, {}, collection.encoded(), this->count(collection)});
  counts_[collection.encoded()] = count;
}

bool Stage::row_present(const Path& row) const { return this->row(row).present(); }

}  // namespace anabranch::regions
