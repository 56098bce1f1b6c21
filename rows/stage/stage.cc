#include "rows/stage/stage.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/pace.h"
#include "core/planted_bug.h"
#include "crdt/canonical.h"
#include "crdt/expiry.h"
#include "crdt/row_codec.h"
#include "rows/expiry_index.h"
#include "rows/policy/module_rows.h"
#include "rows/snapshot_reader.h"

namespace anabranch::rows {

using core::Path;
using crdt::Row;

void Stage::go_on_over(const RowReader& base) {
  base_ = &base;
  order_.go_on_over(base);
}

Row Stage::row(const Path& path) const {
  if (const StagedRow* const staged = rows_.find(path)) return shown_row(path, staged->row);
  if (masks_->empty() && has_read(path)) return read_.row;
  return masks_changed_ ? shown_row(path, base_->row(path)) : base_->row(path);
}

bool Stage::shows(const Path& path) const {
  if (!masks_->empty()) return RowReader::shows(path);
  const StagedRow* const staged = rows_.find(path);
  return crdt::shows(path, staged == nullptr ? read(path) : staged->row);
}

Stage::Glance Stage::glance(const Path& path) const {
  const bool is_here = !masks_->empty() || has_read(path) || rows_.find(path) != nullptr;
  return is_here ? Glance{{}, row(path)} : base_->glance(path);
}

const Row& Stage::read(const Path& path) const {
  if (has_read(path)) return read_.row;
  read_.known = false;
  read_.row = base_->stored_row(path);
  read_.path = path;
  read_.known = true;
  return read_.row;
}

Row Stage::stored_row(const Path& path) const {
  const StagedRow* const staged = rows_.find(path);
  return staged == nullptr ? base_->stored_row(path) : staged->row;
}

Row Stage::with_cell_hidden(StagedRow& staged) const {
  Row row = undo_kept_ ? staged.row : std::move(staged.row);
  masks_->hide(staged.path, row.cell);
  return row;
}

Row Stage::shown_row(const Path& path, Row row) const {
  if (!masks_->empty()) masks_->hide(path, row);
  return row;
}

const Row& Stage::peek(const Path& path) {
  const Row& row = load(path).row;
  return masks_->empty() ? row : peeked_ = shown_row(path, row);
}

void Stage::scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const {
  if (range.empty()) return;
  const StagedRows::New& rows = rows_.new_rows();
  const auto first = rows.lower_bound(std::string_view(range.from));
  const auto last = range.to.empty() ? rows.end() : rows.lower_bound(std::string_view(range.to));
  if (range.backwards) {
    merge(std::reverse_iterator(last), std::reverse_iterator(first), range, hidden, visit);
  } else {
    merge(first, last, range, hidden, visit);
  }
}

std::shared_ptr<const PolicyTable> Stage::policies() const {
  if (!policies_changed_) return base_->policies();
  if (!policies_) policies_ = RowReader::policies();
  return policies_;
}

std::shared_ptr<const OriginRegions> Stage::regions() const {
  if (!regions_changed_) return base_->regions();
  if (!regions_) regions_ = RowReader::regions();
  return regions_;
}

void Stage::forget_tables(const Path& path) {
  const auto concerns = [&](const Path& rows) {
    return rows.is_prefix_of(path) || path.is_prefix_of(rows);
  };
  const bool concerns_modules =
      concerns(modules_path()) && !core::planted(core::Bug::kForgetModules);
  if (concerns(policies_path()) || concerns_modules) {
    policies_changed_ = true;
    policies_.reset();
  }
  if (concerns(regions_path())) {
    regions_changed_ = true;
    regions_.reset();
  }
}

// Merges two sorted sequences: the new rows, and those of the reader below; a staged row replaces
// the stored one at the same path.
template <typename Staged>
void Stage::merge(Staged staged, Staged end, const core::PathRange& range, Hidden hidden,
                  const Visit& visit) const {
  bool going = true;
  const auto offer = [&](const Path& path, const Row& row) {
    if (hidden == Hidden::kVisit || !row.empty()) going = visit(path, row);
  };
  const auto offer_staged = [&](const StagedRow& row) {
    core::Pace::pass();
    if (masks_->empty()) {
      offer(row.path, row.row);
    } else {
      offer(row.path, shown_row(row.path, row.row));
    }
  };
  const auto comes_before = [&](const Path& path) {
    return staged != end && (range.backwards ? path < (*staged)->path : (*staged)->path < path);
  };
  base_->scan(range, hidden, [&](const Path& path, const Row& row) {
    while (going && comes_before(path)) offer_staged(**staged++);
    if (!going) return false;
    if (staged != end && (*staged)->path == path) {
      offer_staged(**staged++);
    } else if (const StagedRow* const found = rows_.empty() ? nullptr : rows_.find(path)) {
      offer_staged(*found);
    } else if (masks_changed_) {
      offer(path, shown_row(path, row));
    } else {
      going = visit(path, row);
    }
    return going;
  });
  while (going && staged != end) offer_staged(**staged++);
}

StoredTags Stage::stored_tags(const Path& place) const {
  if (!place_ || place_->path != place) {
    place_ = {place, base_->stored_tags(place)};
    add_new_tags(*place_);
  }
  return place_->tags;
}

void Stage::add_new_tags(Place& place) const {
  const std::string_view above = place.path.encoded();
  const StagedRows::New& rows = rows_.new_rows();
  auto staged = rows.upper_bound(above);
  const auto begins_with = [&](std::string_view name) {
    return staged != rows.end() && (*staged)->path.encoded().starts_with(name);
  };
  while (begins_with(above)) {
    // An empty row counts, too: it may be filled while the tags are kept.
    const Path& row = (*staged++)->path;
    place.add(row);
    const std::string_view name = row.encoded().substr(0, above.size() + 1);
    // Mostly there is no other one: those of the same type are passed where there is.
    if (begins_with(name)) staged = rows.lower_bound(std::string_view(core::prefix_end(name)));
  }
}

// Rows that were removed again count, too, or one with many of them would be a long walk.
std::size_t Stage::stored_below(const core::PathRange& range, std::size_t at_most) const {
  std::size_t rows = base_->stored_below(range, at_most);
  const StagedRows::New& new_rows = rows_.new_rows();
  auto staged = new_rows.lower_bound(std::string_view(range.from));
  for (; rows < at_most && staged != new_rows.end() && range.contains((*staged)->path); ++staged) {
    rows += (*staged)->stored ? 0 : 1;
  }
  return rows;
}

std::uint64_t Stage::count(const Path& path) const {
  if (is_deep_map(path)) return count_fields(path);
  const StoredCount stored = stored_count(path);
  return masks_->voids(path, stored.stamp) ? 0 : stored.count;
}

StoredCount Stage::stored_count(const Path& path) const {
  if (const StoredCount* const staged = staged_count(path)) return *staged;
  if (!count_read_ || count_read_->collection != path) {
    count_read_ = {path, base_->stored_count(path)};
  }
  return count_read_->count;
}

StoredCount* Stage::staged_count(const Path& path) const {
  if (newest_count_ == nullptr || newest_count_->first != path) {
    const auto found = counts_.find(path);
    if (found == counts_.end()) return nullptr;
    newest_count_ = &*found;
  }
  return &newest_count_->second;
}

void Stage::rollback(Savepoint savepoint) {
  ANABRANCH_ASSERT(undo_kept_ && savepoint <= undo_.size());
  policies_.reset();
  regions_.reset();
  place_.reset();
  // What was cleared here may be undone.
  if (own_places_ && undo_.size() > savepoint) use_places(rules_.cleared);
  while (undo_.size() > savepoint) {
    UndoStep& step = undo_.back();
    if (step.staged != nullptr) {
      step.staged->row = std::move(step.row);
      order_.rollback(step.at.order);
      notes_.truncate(step.at.notes);
    } else if (step.masks) {
      masks_ = std::move(step.masks);
      order_.rollback(step.at.order);
    } else {
      counts_[step.count->collection] = step.count->count;
    }
    undo_.pop_back();
  }
}

void Stage::take_changes(const core::OriginTable& origins, const Collect& collect, Digests& digests,
                         storage::Changes& changes) {
  for (StagedRow* const each : rows_.changed()) {
    collect(each->path, each->row);
    if (crdt::is_expiry(each->path)) {
      index_expiry(each->path, base_->stored_row(each->path), each->row, changes);
    }
    if (core::is_hashed(each->path)) {
      take_row(*each, core::row_key(each->path), origins, digests, changes);
    } else {
      take_row(*each, each->path.encoded(), origins, digests, changes);
    }
  }
  for (const auto& [path, count] : counts_) {
    counts_deep_ = counts_deep_ || is_counted_level(path);
    changes.set(storage::Table::kCounts, core::row_key(path),
                count.count == 0 ? std::nullopt : std::optional(encode_count(path, count)));
  }
  order_.take_changes(changes);
  if (masks_changed_ && !planted(core::Bug::kForgetMask)) {
    changes.put(storage::Table::kMeta, storage::kMasksKey, encode_masks(*masks_));
  }
}

void Stage::take_row(const StagedRow& staged, std::string_view key,
                     const core::OriginTable& origins, Digests& digests,
                     storage::Changes& changes) {
  digests.replace(key, staged.before, crdt::row_digest(staged.path, staged.row));
  if (!staged.row.empty()) {
    const std::size_t size = crdt::encoded_size(staged.path, staged.row, origins);
    crdt::encode_row(staged.path, staged.row, origins,
                     changes.put(storage::Table::kRows, key, size));
  } else if (staged.stored) {
    changes.remove(storage::Table::kRows, key);
  }
}

StagedRow& Stage::load(const Path& path) {
  if (newest_ != nullptr && newest_->path == path) return *newest_;
  newest_ = rows_.find(path);
  if (newest_ != nullptr) return *newest_;
  // If it throws, rows_ is unchanged.
  Row row = has_read(path) ? std::move(read_.row) : base_->stored_row(path);
  if (has_read(path)) read_.known = false;
  newest_ = &rows_.add(path, std::move(row));
  return *newest_;
}

StagedRow& Stage::change(const Path& path) {
  StagedRow& staged = load(path);
  if (std::exchange(staged.changed, true)) return staged;
  if (staged.stored) staged.before = crdt::row_digest(path, staged.row);
  // A scan below passes over what the masks there hide.
  if (!staged.stored || below_masked_) {
    rows_.note_new(staged);
    if (place_) place_->add(path);
  }
  return staged;
}

void Stage::set_count(const Path& collection, std::uint64_t count) {
  if (undo_kept_) {
    CollectionCount before{collection, stored_count(collection)};
    undo_.push_back({.count = std::make_unique<CollectionCount>(std::move(before))});
  }
  StoredCount* const staged = staged_count(collection);
  (staged != nullptr ? *staged : counts_[collection]) = {count,
                                                         masks_->empty() ? 0 : masks_->last_id()};
}

// ---- The order of scores.

std::optional<double> Stage::score_of(const Path& path, const Row& row) const {
  const auto of = [&](const Row& seen) {
    return crdt::shows(path, seen) ? std::optional(score(path, seen)) : std::nullopt;
  };
  return masks_->hides_any(path, row) ? of(shown_row(path, row)) : of(row);
}

std::optional<Stage::ShownScore> Stage::shown_score(const Path& path, const Row& row) const {
  auto at = crdt::membership(path);
  if (!at) return std::nullopt;
  return ShownScore{*std::move(at), score_of(path, row), row.cell.siblings.size() > 1};
}

void Stage::move_score(const Path& path, const ShownScore& before, const Row& row) {
  const std::optional<double> after = score_of(path, row);
  if (planted(core::Bug::kForgetToMove) && before.score && after) return;
  // Without concurrent scores the same one counts by every rule.
  const bool by_any_rule = !before.concurrent && row.cell.siblings.size() <= 1;
  if (by_any_rule && before.score == after) return;
  order().move(before.at, path, before.score, after);
}

void Stage::order_survivors(const Path& prefix) {
  for (const auto& [collection, count] : counts_) {
    if (!prefix.is_prefix_of(collection) || !crdt::is_sorted_set(collection)) continue;
    count.count > 0 ? order().order_anew(collection) : order().drop_void(collection);
  }
}

// ---- Masks.

namespace {

// A look at a row with a longer path costs as much as several.
constexpr std::size_t kBytesOfLook = 128;

// The counts of a stage while uncounted rows are counted one after another, in order: below a
// prefix anew, and at the place that counts it, if it is deep.
class Recount final : public CountTable {
 public:
  Recount(CountTable& stage, const Path& prefix, const Path& counted)
      : stage_(stage), prefix_(prefix), counted_(counted) {}

  void count_row(const Path& row) {
    at_ = row;
    count_presence(row, true, *this);
  }

 private:
  [[nodiscard]] std::uint64_t count(const Path& collection) const override {
    return stage_.count(collection);
  }
  void set_count(const Path& collection, std::uint64_t count) override {
    if (counts_anew(prefix_, counted_, collection)) stage_.set_count(collection, count);
  }
  // Later rows do not count yet.
  [[nodiscard]] bool row_present(const Path& row) const override {
    return (row < at_ || !counted_.is_prefix_of(row)) && stage_.row_present(row);
  }

  CountTable& stage_;
  const Path& prefix_;
  const Path& counted_;
  Path at_;
};

}  // namespace

core::VersionVector Stage::mask(const Path& prefix, const core::VersionVector& context,
                                bool tallies) {
  const std::optional<ShownScore> member = shown_score(prefix, stored_row(prefix));
  const Path counted = Path::trusted(counted_part(prefix.encoded()));
  const bool counts_none = count(counted) == 0;
  count_prefix(counted, false, *this);
  // The mask makes no count void that is above it.
  if (counted != prefix) set_count(counted, 0);
  set_masks(masks_->with(prefix, context, tallies));
  forget_tables(prefix);
  if (member) move_score(prefix, *member, stored_row(prefix));  // The mask covers this row alone.
  // No row is left at and below the prefix; beside a deep one all counts stay.
  if (tallies && (counted == prefix || counts_none)) return {};
  const auto ahead = std::ranges::find_if(prepared_, [&](const Survivors& survivors) {
    return survivors.fits(prefix, context, *masks_);
  });
  if (ahead == prepared_.end()) {
    core::VersionVector left = count_survivors(prefix, counted);
    order_survivors(prefix);
    return left;
  }
  rows_.for_each([&](const StagedRow& staged) { ahead->note_change(staged.path); });
  ahead->count_in(*this);
  ahead->for_each_change([&](const Path& path) { touched().note(path); });
  order_survivors(prefix);
  return ahead->left();
}

core::VersionVector Stage::count_survivors(const Path& prefix, const Path& counted) {
  Recount recount(*this, prefix, counted);
  ClearedPlace place;
  scan(core::PathRange::below(counted), Hidden::kVisit, [&](const Path& path, const Row& row) {
    looks_ += 1 + path.encoded().size() / kBytesOfLook;
    if (prefix.is_prefix_of(path)) place.note_left(row);
    if (crdt::shows(path, row)) recount.count_row(path);
    return true;
  });
  return std::move(place.left);
}

// ---- Places that were cleared.

void Stage::use_places(std::shared_ptr<const ClearedPlaces> places) {
  own_places_.reset();
  cleared_ = std::move(places);
  touched_ = cleared_ == nullptr ? nullptr : &cleared_->touched();
}

ClearedPlaces& Stage::own_places() {
  if (!own_places_) {
    own_places_ =
        cleared_ ? std::make_shared<ClearedPlaces>(*cleared_) : std::make_shared<ClearedPlaces>();
    cleared_ = own_places_;
    touched_ = &own_places_->touched();
  }
  return *own_places_;
}

TouchedRows& Stage::touched() { return own_places().touched(); }

void Stage::remember(ClearedPlace place) { own_places().remember(std::move(place)); }

std::vector<core::ObservedSlot> Stage::waiting(const Path& path) {
  if (!masks_->any_tallies()) return {};
  return masks_->waiting(path, load(path).row.tally);
}

void Stage::set_masks(Masks masks) {
  if (undo_kept_) undo_.push_back({.masks = masks_, .at = {.order = order_.savepoint()}});
  masks_ = std::make_shared<const Masks>(std::move(masks));
  masks_changed_ = true;
}

}  // namespace anabranch::rows
