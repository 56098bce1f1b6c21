#include "rows/stage/score_upkeep.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/codec.h"
#include "core/wire.h"
#include "crdt/type_table.h"
#include "rows/row_walk.h"
#include "rows/snapshot_reader.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Path;
using storage::Changes;
using storage::Direction;
using storage::Table;

namespace {

constexpr std::size_t kChangesPerRow = 8;  // Entries that change with one member, about.
constexpr std::size_t kChangesAtOnce = 10'000;

// Returns the first key of the table of scores with this prefix, and its value.
std::optional<std::pair<std::string, std::string>> first_at(const ScoreTable& table,
                                                            std::string_view prefix) {
  const std::string end = core::prefix_end(prefix);
  const auto cursor = table.scan_scores({.from = prefix, .to = end});
  if (!cursor->valid()) return std::nullopt;
  return std::pair(std::string(cursor->key()), std::string(cursor->value()));
}

void remove_old(Stage& stage, const std::string& key, std::size_t changes_max) {
  const OrderId id =
      storage::from_big_endian(std::string_view(key).substr(storage::kOldOrderPrefix.size()));
  const std::string prefix = entries_of(id);
  const std::string end = core::prefix_end(prefix);
  std::vector<std::string> gone;
  {
    const auto cursor = stage.scan_scores({.from = prefix, .to = end});
    for (; gone.size() < changes_max && cursor->valid(); cursor->next()) {
      gone.emplace_back(cursor->key());
    }
  }
  if (gone.size() < changes_max) gone.push_back(key);
  for (std::string& each : gone) stage.score_table().set_score(std::move(each), std::nullopt);
}

// Adds the next rows of a sorted set to its order.
void order_rows(Stage& stage, const StoredRows& rows, const Path& sorted_set,
                std::size_t changes_max) {
  const auto order = find_order(stage, *stage.masks(), sorted_set);
  if (order && stage.order().is_stale(sorted_set, *order)) {
    return stage.order().order_anew(sorted_set);  // It must not go on by another rule.
  }
  if (!order || order->whole) return stage.order().finish(sorted_set);
  const core::PathRange range = core::PathRange::below(sorted_set);
  const std::string to = range.to_key();
  const std::string_view from = order->ordered_to.empty() ? range.from_key() : order->ordered_to;
  RowWalk walk(rows.snapshot, {.from = from, .to = to}, rows.origins);
  std::size_t changes = 0;
  std::string last;
  for (; walk.valid(); walk.next()) {
    if (changes >= changes_max) return stage.order().went_to(sorted_set, std::move(last));
    if (walk.key() == order->ordered_to) continue;
    last = walk.key();
    ++changes;
    PathRow found = walk.row().value_or_raise();
    if (!sorted_set.is_prefix_of(found.path)) continue;
    stage.masks()->hide(found.path, found.row);
    if (!crdt::shows(found.path, found.row)) continue;
    changes += kChangesPerRow;
    stage.order().add(*crdt::membership(found.path), stage.score(found.path, found.row));
  }
  stage.order().finish(sorted_set);
}

core::Result<void> remove_all(storage::Storage& storage) {
  Changes changes{{Table::kMeta, std::string(storage::kScoresKey), std::nullopt}};
  while (!changes.empty()) {
    const auto done = storage.commit({}, std::exchange(changes, {}));
    if (!done.ok()) return done.failure();
    const auto snapshot = storage.snapshot();
    const auto cursor = snapshot->scan(Table::kScores, {});
    for (; cursor->valid() && changes.size() < kChangesAtOnce; cursor->next()) {
      changes.remove(Table::kScores, cursor->key());
    }
  }
  return {};
}

// Schedules the rebuild of the sorted sets among the next counted collections. Returns the key of
// the first collection left over; nullopt at the end.
std::optional<std::string> order_counted(const storage::Snapshot& snapshot, const std::string& from,
                                         const Masks& masks, ScoreIndex& index) {
  const auto cursor = snapshot.scan(Table::kCounts, {.from = from});
  for (std::size_t left = kChangesAtOnce; cursor->valid(); cursor->next()) {
    if (left-- == 0) return std::string(cursor->key());
    const Path collection = counted_at(cursor->key(), cursor->value());
    const StoredCount count = decode_count(cursor->value());
    const bool shown = count.count > 0 && !masks.voids(collection, count.stamp);
    if (shown && crdt::is_sorted_set(collection)) index.order_anew(collection);
  }
  return std::nullopt;
}

}  // namespace

std::string encode_score_note(const ScoreNote& note) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(4).uint64(note.format);
  write_hash(out, note.policies);
  out.uint64(note.seed).uint64(note.opening);
  return bytes;
}

core::Result<ScoreNote> decode_score_note(std::string_view bytes) {
  core::Reader in(bytes);
  ScoreNote note;
  const std::size_t newer = in.array_of(4);
  note.format = in.uint64();
  note.policies = read_hash(in);
  note.seed = in.uint64();
  note.opening = in.uint64();
  in.skip(newer);
  if (!in.done()) return in.failure();
  return note;
}

core::Result<ScoreNote> load_score_note(const storage::Snapshot& snapshot) {
  const auto bytes = snapshot.get(Table::kMeta, storage::kScoresKey);
  if (!bytes) return ScoreNote{.format = 0, .policies = {}, .seed = 0, .opening = 0};
  return decode_score_note(*bytes);
}

bool work_on_orders(Stage& stage, const StoredRows& rows, std::size_t changes_max) {
  if (const auto old = first_at(stage, storage::kOldOrderPrefix)) {
    remove_old(stage, old->first, changes_max);
    return true;
  }
  if (const auto next = first_at(stage, storage::kUnorderedPrefix)) {
    order_rows(stage, rows, unordered_at(next->first, next->second), changes_max);
    return true;
  }
  return false;
}

void look_for_stale_orders(Stage& stage, ScoreReorder& reorder, std::size_t looks_max,
                           std::size_t changes_max) {
  const std::string end = core::prefix_end(reorder.keys());
  std::optional<std::string> next;
  std::vector<Path> stale;
  {
    const auto cursor = stage.scan_scores({.from = reorder.next(), .to = end});
    for (; cursor->valid(); cursor->next()) {
      if (looks_max-- == 0 || stale.size() >= changes_max) {
        next = std::string(cursor->key());
        break;
      }
      const ScoreOrder order = decode_order(cursor->value());
      Path sorted_set = ordered_at(cursor->key(), cursor->value());
      const bool is_void = stage.masks()->voids(sorted_set, order.stamp);
      if (!is_void && stage.order().is_stale(sorted_set, order)) {
        stale.push_back(std::move(sorted_set));
      }
    }
  }
  for (const Path& sorted_set : stale) stage.order().order_anew(sorted_set);
  next ? reorder.go_on_at(*std::move(next)) : reorder.finish();
}

core::Result<void> order_all_anew(storage::Storage& storage,
                                  const std::shared_ptr<const Masks>& masks, const Scores& scores,
                                  const std::shared_ptr<const PolicyTable>& policies) {
  if (auto removed = remove_all(storage); !removed.ok()) return removed;
  const core::OriginTable no_origins;  // No rows are read.
  for (std::optional<std::string> from = std::string(); from;) {
    const auto snapshot = storage.snapshot();
    const SnapshotReader base(storage.snapshot(), no_origins, masks, policies, nullptr,
                              Tallies::kAsShown);
    ScoreOverlay overlay(base, false);
    ScoreIndex index(overlay, *masks, scores, base);
    from = order_counted(*snapshot, *from, *masks, index);
    Changes changes;
    overlay.take_changes(changes);
    const auto done = storage.commit({}, changes);
    if (!done.ok()) return done.failure();
  }
  return {};
}

}  // namespace anabranch::rows
