// A stage: rows changed but not yet committed, over a reader that does not change. Local groups and
// slices of foreign batches are both staged; every change of a row passes edit(), which keeps the
// counts and the order of scores, and leaves through changes(), which keeps the digests.
//
// Large clears are staged as masks: rows stay as stored, are read as masked, and are rewritten as
// masked when they are edited for another reason. The counts are those of the shown rows, so they
// are corrected when a mask comes and stay the same when it is swept.
//
// Savepoints undo: rollback(savepoint()) restores the state of that moment. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/origin_table.h"
#include "crdt/score.h"
#include "crdt/type_table.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/counts.h"
#include "rows/digests.h"
#include "rows/row_reader.h"
#include "rows/scores/score_index.h"
#include "rows/scores/score_overlay.h"
#include "rows/scores/scores.h"
#include "rows/stage/cleared_places.h"
#include "rows/stage/piecewise_stack.h"
#include "rows/stage/staged_rows.h"
#include "rows/stage/survivors.h"
#include "storage/storage.h"

namespace anabranch::rows {

// The numbers of stored rows above which a clear uses a mask (clear.h).
struct ClearRules {
  // Rules by which no clear uses a mask.
  static ClearRules direct() { return {0, SIZE_MAX, SIZE_MAX, nullptr}; }

  core::Origin self = 0;  // This leader's origin: its own clears hide tallies, too.
  std::size_t own_rows_direct = 1000;
  std::size_t foreign_rows_direct = 1000;
  std::shared_ptr<const ClearedPlaces> cleared = nullptr;  // In the rows below; null for none.
};

class Stage final : public RowReader, private CountTable {
 public:
  enum class Undo : std::uint8_t { kKept, kNone };

  // Without undo there are no savepoints.
  // `base` and `scores` must outlive the stage.
  Stage(const RowReader& base, Undo undo, ClearRules rules = {},
        const Scores& scores = Scores::plain())
      : base_(&base),
        undo_kept_(undo == Undo::kKept),
        rules_(std::move(rules)),
        masks_(base.masks()),
        below_masked_(!masks_->empty()),
        scores_(scores),
        order_(base, undo_kept_),
        rows_(scores.seed()),
        counts_(0, core::PathHash{scores.seed()}) {
    use_places(rules_.cleared);
  }

  // Goes on over another reader of the same state, which must outlive the stage.
  void go_on_over(const RowReader& base);

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  [[nodiscard]] bool shows(const core::Path& path) const override;
  [[nodiscard]] Glance glance(const core::Path& path) const override;
  using RowReader::scan;
  void scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;

  // Includes the policies of staged rows; otherwise those of the reader below, the same object.
  [[nodiscard]] std::shared_ptr<const PolicyTable> policies() const override;
  // Whether take_changes() has found numbers of deep rows (counts.h).
  [[nodiscard]] bool counts_deep() const { return counts_deep_; }
  // Whether rows of policies were staged, be it in vain.
  [[nodiscard]] bool changes_policies() const { return policies_changed_; }
  // The same two for the regions of origins.
  [[nodiscard]] std::shared_ptr<const OriginRegions> regions() const override;
  [[nodiscard]] bool changes_regions() const { return regions_changed_; }
  [[nodiscard]] std::shared_ptr<const Masks> masks() const override { return masks_; }
  [[nodiscard]] crdt::Row stored_row(const core::Path& path) const override;
  [[nodiscard]] StoredCount stored_count(const core::Path& path) const override;
  [[nodiscard]] StoredTags stored_tags(const core::Path& place) const override;
  using RowReader::stored_below;
  [[nodiscard]] std::size_t stored_below(const core::PathRange& range,
                                         std::size_t at_most) const override;
  [[nodiscard]] const ClearRules& rules() const { return rules_; }

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override {
    return order_.score_at(key);
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override {
    return order_.scan_scores(range);
  }

  // Changes the row at `path` (an empty one if there is none). The function sees tallies that wait
  // to be listed.
  template <typename Function>
  void edit(const core::Path& path, const Function& function) {
    replace(path, [&](auto&& before) {
      crdt::Row row = std::forward<decltype(before)>(before);
      function(row);
      return row;
    });
  }
  // The same with a function that returns the row after the change. It is given an rvalue when
  // nothing needs the row before the change any more.
  template <typename Function>
  void replace(const core::Path& path, const Function& function) {
    StagedRow& staged = change(path);
    note_mesh_row(path);
    shared_place_.reset();
    const Savepoints before{order_.savepoint(), notes_.size()};
    const bool was_shown = shown(path, staged.row);
    const std::optional<ShownScore> score_before = shown_score(path, staged.row);
    crdt::Row row = !masks_->empty() ? function(with_cell_hidden(staged))
                    : undo_kept_     ? function(std::as_const(staged.row))
                                     : function(std::move(staged.row));
    if (undo_kept_)
      undo_.push_back({.staged = &staged, .row = std::move(staged.row), .at = before});
    staged.row = std::move(row);
    const bool is_shown = shown(path, staged.row);
    if (was_shown != is_shown) count_presence(path, is_shown, *this);
    if (score_before) move_score(path, *score_before, staged.row);
    if (touched_ != nullptr && !staged.row.empty()) touched_->note(path);
  }
  // Notes what applied ops have done to concurrent values, for the conflict log; call it for a
  // change within edit(), which undoes it. take_notes() hands them over.
  [[nodiscard]] ConflictNotes& notes() { return notes_; }
  [[nodiscard]] ConflictNotes take_notes() { return std::exchange(notes_, {}); }
  // A place, and the type that the last edit brought there beside another one, if it did so.
  struct SharedPlace {
    core::Path place;
    Type type = Type::kNone;
  };
  [[nodiscard]] std::optional<SharedPlace> take_shared_place() {
    return std::exchange(shared_place_, std::nullopt);
  }
  // Writes the row again even if it does not change, so that Collect sees it.
  void touch(const core::Path& path) { change(path); }
  // Returns the row as staged, loaded for reading before an edit; valid until the next call.
  [[nodiscard]] const crdt::Row& peek(const core::Path& path);

  // Removes the values covered by the context from all cells at or below a prefix, whatever their
  // number. An own clear (`tallies`) also clears all tallies, which then wait to be listed; a
  // foreign one leaves tallies. Returns at most the least dot of each origin among the values that
  // are left; those of rows that changed while survivors were counted are not among them, but these
  // rows are touched.
  core::VersionVector mask(const core::Path& prefix, const core::VersionVector& context,
                           bool tallies);
  // The places that were cleared, null before the first one; and the rows that were touched since.
  [[nodiscard]] const std::shared_ptr<const ClearedPlaces>& cleared() const { return cleared_; }
  TouchedRows& touched();
  void remember(ClearedPlace place);
  // The rows that clears have looked at so far. The looks of a clear count when it is applied.
  [[nodiscard]] std::size_t looks() const { return looks_; }
  void note_looks(std::size_t rows) { looks_ += rows; }
  // Provides the survivors of coming foreign clears, counted ahead on top of the same masks.
  void prepare(std::vector<Survivors> survivors) { prepared_ = std::move(survivors); }
  // Calls function(path) for every row that changes() writes.
  template <typename Function>
  void for_each_changed(const Function& function) const {
    rows_.for_each([&](const StagedRow& staged) {
      if (staged.changed) function(staged.path);
    });
  }
  // Returns the slots of a row that wait to be listed by a reset, which must precede an addition.
  [[nodiscard]] std::vector<core::ObservedSlot> waiting(const core::Path& path);
  // For a sweep: sweep_row() writes a row as masked; sweep_count() removes a count that the masks
  // made void; set_masks() stores the progress.
  void sweep_row(const core::Path& path) {
    edit(path, [](crdt::Row&) {});
  }
  void sweep_count(const core::Path& collection) {
    set_count(collection, count(collection));
    order().drop_void(collection);
  }
  // The order of scores, for rebuilding orders and dropping old ones.
  [[nodiscard]] ScoreIndex order() { return {order_, *masks_, scores_, *base_}; }
  [[nodiscard]] MutableScoreTable& score_table() { return order_; }
  // Whether the staged changes leave such work behind.
  [[nodiscard]] bool leaves_orders() const { return order_.leaves_work(); }
  // Returns the score of a row of a sorted set, by the policies of the reader below.
  [[nodiscard]] double score(const core::Path& path, const crdt::Row& row) const {
    return scores_.of(path, row, *base_);
  }
  void set_masks(Masks masks);

  using Savepoint = std::size_t;
  [[nodiscard]] Savepoint savepoint() const { return undo_.size(); }
  void rollback(Savepoint savepoint);
  // Forgets how to undo the changes so far; earlier savepoints are void.
  void keep() {
    undo_.clear();
    order_.keep();
  }

  // Called for every staged row before it is encoded, to drop parts that need not be stored.
  using Collect = std::function<void(const core::Path&, crdt::Row&)>;
  // Adds all changes to those of one commit, and updates `digests` for each changed row. Every
  // origin in the rows must be in `origins`.
  void take_changes(const core::OriginTable& origins, const Collect& collect, Digests& digests,
                    storage::Changes& changes);

 private:
  // Adds the change of one row, which has this key.
  static void take_row(const StagedRow& staged, std::string_view key,
                       const core::OriginTable& origins, Digests& digests,
                       storage::Changes& changes);
  // What is undone with a row: changes of the order of scores, and notes.
  struct Savepoints {
    ScoreOverlay::Savepoint order = 0;
    std::size_t notes = 0;
  };
  struct CollectionCount {
    core::Path collection;
    StoredCount count;
  };
  // The previous state of a row, of the count of a collection, or of the masks.
  struct UndoStep {
    StagedRow* staged = nullptr;  // Only for a row. Staged rows stay where they are.
    crdt::Row row = {};
    std::unique_ptr<CollectionCount> count = nullptr;  // Only for a count: rarer than rows.
    std::shared_ptr<const Masks> masks = nullptr;      // Only for the masks.
    Savepoints at = {};                                // Not for a count.
  };
  // The score that a row of a sorted set shows; nullopt if it shows none.
  struct ShownScore {
    crdt::Membership at;
    std::optional<double> score;
    bool concurrent;  // Several scores are there: the rule decides between them.
  };

  // What was looked at last: below, where nothing changes, a row and, as CollectionCount, a count;
  // and the tags of a place, with those of the rows that were staged since. A command looks at a
  // key before it reads or changes it.
  struct Read {
    core::Path path;
    crdt::Row row;
    bool known = false;
  };
  struct Place {
    core::Path path;
    StoredTags tags;

    // Adds the tag of a row, if that lies below.
    void add(const core::Path& row) {
      const std::string_view above = path.encoded();
      const std::string_view name = row.encoded();
      if (name.size() > above.size() && name.starts_with(above)) tags.add(name[above.size()]);
    }
  };

  [[nodiscard]] bool has_read(const core::Path& path) const {
    return read_.known && read_.path == path;
  }
  // Adds the tags of the new rows below a place.
  void add_new_tags(Place& place) const;
  // Returns a row as stored below, and keeps it until it is staged or another one is looked at.
  [[nodiscard]] const crdt::Row& read(const core::Path& path) const;
  template <typename Staged>
  void merge(Staged staged, Staged end, const core::PathRange& range, Hidden hidden,
             const Visit& visit) const;
  StagedRow& load(const core::Path& path);
  // Loads a row to be changed.
  StagedRow& change(const core::Path& path);
  // Returns a staged row with what the masks hide in its cell gone; takes it away if nothing needs
  // it any more.
  [[nodiscard]] crdt::Row with_cell_hidden(StagedRow& staged) const;
  // Returns a staged row as masked.
  [[nodiscard]] crdt::Row shown_row(const core::Path& path, crdt::Row row) const;
  // Whether a row in this staged state shows anything.
  [[nodiscard]] bool shown(const core::Path& path, const crdt::Row& row) const {
    const bool as_is = masks_->empty() || !masks_->hides_any(path, row);
    return as_is ? crdt::shows(path, row) : crdt::shows(path, shown_row(path, row));
  }
  // nullopt for rows of other types.
  [[nodiscard]] std::optional<ShownScore> shown_score(const core::Path& path,
                                                      const crdt::Row& row) const;
  [[nodiscard]] std::optional<double> score_of(const core::Path& path, const crdt::Row& row) const;
  // Updates the order of scores after a change of a row.
  void move_score(const core::Path& path, const ShownScore& before, const crdt::Row& row);
  // Schedules the rebuild of the orders that survive a new foreign mask.
  void order_survivors(const core::Path& prefix);
  // Counts the rows that survive a new mask; `counted` is the part of its prefix that has counts.
  // Returns the least dots among the values left.
  core::VersionVector count_survivors(const core::Path& prefix, const core::Path& counted);
  // Goes on with these places.
  void use_places(std::shared_ptr<const ClearedPlaces> places);
  // Returns the places to be changed, those of this stage alone.
  ClearedPlaces& own_places();
  // Call it for each row that changes: nearly none is in the mesh's own space, whose paths begin
  // so.
  void note_mesh_row(const core::Path& path) {
    if (path.encoded().starts_with('\0')) forget_tables(path);
  }
  // The policies, or the regions of origins, are to be read anew if a change at or below a path can
  // concern them.
  void forget_tables(const core::Path& path);
  void set_count(const core::Path& collection, std::uint64_t count) override;
  // Returns the count of a collection if it is staged, else null.
  [[nodiscard]] StoredCount* staged_count(const core::Path& path) const;
  [[nodiscard]] bool row_present(const core::Path& row) const override { return shows(row); }
  void share_place(const core::Path& place, Type type) override { shared_place_ = {place, type}; }

  const RowReader* base_;
  bool undo_kept_;
  ClearRules rules_;
  std::shared_ptr<const Masks> masks_;
  const bool below_masked_;  // The reader below has masks.
  const Scores& scores_;
  ScoreOverlay order_;
  bool masks_changed_ = false;
  bool counts_deep_ = false;
  bool policies_changed_ = false;
  mutable std::shared_ptr<const PolicyTable> policies_;  // If they changed, once they are read.
  bool regions_changed_ = false;
  mutable std::shared_ptr<const OriginRegions> regions_;  // Likewise.
  std::vector<Survivors> prepared_;
  std::shared_ptr<const ClearedPlaces> cleared_;
  std::shared_ptr<ClearedPlaces> own_places_;  // The same, once they are changed here.
  TouchedRows* touched_ = nullptr;             // Of the places.
  std::size_t looks_ = 0;
  crdt::Row peeked_;
  mutable Read read_;
  mutable std::optional<Place> place_;
  mutable std::optional<CollectionCount> count_read_;
  StagedRows rows_;
  StagedRow* newest_ = nullptr;  // The row loaded last, often the next one as well.
  using Counts = std::unordered_map<core::Path, StoredCount, core::PathHash>;
  mutable Counts counts_;  // Const functions find an entry, and change none.
  mutable Counts::value_type* newest_count_ = nullptr;  // Found last; often the next one as well.
  PiecewiseStack<UndoStep> undo_;
  ConflictNotes notes_;
  std::optional<SharedPlace> shared_place_;
};

}  // namespace anabranch::rows
