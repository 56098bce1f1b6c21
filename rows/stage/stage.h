// A stage: rows changed but not yet committed, over a reader that does not change. Local groups and
// slices of foreign batches are both staged; everything that changes a row passes edit(), which
// keeps the counts and the order of scores, and leaves through changes(), which keeps the digests.
//
// Large clears are staged as masks: rows are kept as they are stored, read as the masks leave them,
// and rewritten as the masks leave them once they are edited for another reason. The counts are
// those of what is shown, so a mask corrects them when it comes and nothing does when it is swept.
//
// Savepoints undo: rollback(savepoint()) gives back the state of that moment. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/origin_table.h"
#include "crdt/score.h"
#include "crdt/type_table.h"
#include "rows/counts.h"
#include "rows/digests.h"
#include "rows/row_reader.h"
#include "rows/scores/score_index.h"
#include "rows/scores/score_overlay.h"
#include "rows/scores/scores.h"
#include "rows/stage/survivors.h"
#include "storage/storage.h"

namespace anabranch::rows {

// When a clear is done by a mask (clear.h): where more than so many rows are stored.
struct ClearRules {
  // No clear is done by a mask.
  static ClearRules direct() { return {0, SIZE_MAX, SIZE_MAX}; }

  core::Origin self = 0;  // Of this leader: its own clears hide tallies, too.
  std::size_t own_rows_direct = 1000;
  std::size_t foreign_rows_direct = 1000;
};

class Stage final : public RowReader, private CountTable {
 public:
  enum class Undo : std::uint8_t { kKept, kNone };

  // Without undo there are no savepoints.
  // `base` and `scores` must outlive the stage.
  Stage(const RowReader& base, Undo undo, ClearRules rules = {},
        const Scores& scores = Scores::plain())
      : base_(base),
        undo_kept_(undo == Undo::kKept),
        rules_(rules),
        masks_(base.masks()),
        scores_(scores),
        order_(base, undo_kept_) {}

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  using RowReader::scan;
  void scan(const core::PathRange& range, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;

  [[nodiscard]] std::shared_ptr<const Masks> masks() const override { return masks_; }
  [[nodiscard]] crdt::Row stored_row(const core::Path& path) const override;
  [[nodiscard]] StoredCount stored_count(const core::Path& path) const override;
  [[nodiscard]] std::string stored_key(std::string_view from) const override;
  [[nodiscard]] std::size_t stored_below(const core::Path& prefix,
                                         std::size_t at_most) const override;
  [[nodiscard]] const ClearRules& rules() const { return rules_; }

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override {
    return order_.score_at(key);
  }
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      std::string_view from, storage::Direction direction) const override {
    return order_.scan_scores(from, direction);
  }

  // Changes the row at `path` (an empty one when there is none). The function sees tallies that
  // wait to be listed.
  template <typename Function>
  void edit(const core::Path& path, const Function& function) {
    StagedRow& staged = change(path);
    if (undo_kept_) undo_.push_back({&staged, staged.row, {}, {}, nullptr, order_.savepoint()});
    const bool before = shown(path, staged.row);
    const std::optional<ShownScore> score_before = shown_score(path, staged.row);
    masks_->hide(path, staged.row.cell);
    function(staged.row);
    const bool after = shown(path, staged.row);
    if (before != after) count_presence(path, after, *this);
    if (score_before) move_score(path, *score_before, staged.row);
  }
  // Has the row written again even if nothing in it changes, so that Collect sees it.
  void touch(const core::Path& path) { change(path); }
  // The row as it is staged, loaded for reading before an edit; valid until the next call.
  [[nodiscard]] const crdt::Row& peek(const core::Path& path);

  // Clears all cells at or below a prefix of what the context covers, whatever their number. An own
  // clear (`tallies`) clears all tallies as well, but they wait to be listed, a foreign one leaves
  // them.
  void mask(const core::Path& prefix, const core::VersionVector& context, bool tallies);
  // What foreign clears to come will leave, counted ahead on top of the same masks.
  void prepare(std::vector<Survivors> survivors) { prepared_ = std::move(survivors); }
  // Calls function(path) for every row that changes() writes.
  template <typename Function>
  void for_each_changed(const Function& function) const {
    for (const auto& [path, staged] : rows_) {
      if (staged.changed) function(path);
    }
  }
  // The slots of a row that wait to be listed by a reset, which must come before an addition.
  [[nodiscard]] std::vector<core::ObservedSlot> waiting(const core::Path& path);
  // For a sweep: writes a row as the masks leave it; removes a count that they made void; says how
  // far it has come.
  void sweep_row(const core::Path& path) {
    edit(path, [](crdt::Row&) {});
  }
  void sweep_count(const core::Path& collection) {
    set_count(collection, count(collection));
    order().drop_void(collection);
  }
  // The order of scores, for those who make it anew and let old ones go.
  [[nodiscard]] ScoreIndex order() { return {order_, *masks_, scores_.seed()}; }
  [[nodiscard]] MutableScoreTable& score_table() { return order_; }
  // Whether such work is left by what is staged.
  [[nodiscard]] bool leaves_orders() const { return order_.leaves_work(); }
  [[nodiscard]] const Scores& scores() const { return scores_; }
  void set_masks(Masks masks);

  using Savepoint = std::size_t;
  [[nodiscard]] Savepoint savepoint() const { return undo_.size(); }
  void rollback(Savepoint savepoint);
  // Forgets how to undo what is staged so far; earlier savepoints are void.
  void keep() {
    undo_.clear();
    order_.keep();
  }

  // Called for every staged row before it is encoded, to drop what need not be stored.
  using Collect = std::function<void(const core::Path&, crdt::Row&)>;
  // All changes, for one commit; `digests` learns of each row that changes. Every origin in the
  // rows must be in `origins`.
  [[nodiscard]] std::vector<storage::Change> changes(const core::OriginTable& origins,
                                                     const Collect& collect, Digests& digests);

 private:
  struct StagedRow {
    crdt::Row row;
    bool stored = false;        // The base has the row.
    bool changed = false;       // Edited, not only read.
    core::Hash128 before = {};  // Once changed: the digest of the row as the table has it.
  };
  using Rows = std::map<core::Path, StagedRow>;
  // A row, the count of a collection, or the masks, as they were.
  struct UndoStep {
    StagedRow* staged = nullptr;  // Only for a row. Staged rows stay where they are.
    crdt::Row row;
    std::string collection;
    StoredCount count;
    std::shared_ptr<const Masks> masks;  // Only for the masks.
    ScoreOverlay::Savepoint order = 0;   // Only for a row, and for the masks.
  };
  // What a row of a sorted set shows; no score when it shows nothing.
  struct ShownScore {
    crdt::Membership at;
    std::optional<double> score;
  };

  template <typename Staged>
  void merge(Staged staged, Staged end, const core::PathRange& range, const Visit& visit) const;
  StagedRow& load(const core::Path& path);
  // Loads a row to be changed.
  StagedRow& change(const core::Path& path);
  // A staged row as the masks leave it.
  [[nodiscard]] crdt::Row shown_row(const core::Path& path, crdt::Row row) const;
  // Whether anything is shown at a row that is staged so.
  [[nodiscard]] bool shown(const core::Path& path, const crdt::Row& row) const {
    return crdt::shows(path, masks_->empty() ? row : shown_row(path, row));
  }
  // Nothing for rows of other types.
  [[nodiscard]] std::optional<ShownScore> shown_score(const core::Path& path,
                                                      const crdt::Row& row) const;
  [[nodiscard]] std::optional<double> score_of(const core::Path& path, const crdt::Row& row) const;
  // Brings the order of scores up to date after a change of a row.
  void move_score(const core::Path& path, const ShownScore& before, const crdt::Row& row);
  // Has what a new foreign mask left ordered anew.
  void order_survivors(const core::Path& prefix);
  // Counts what a new foreign mask left.
  void count_survivors(const core::Path& prefix);
  void set_count(const core::Path& collection, std::uint64_t count) override;
  [[nodiscard]] bool row_present(const core::Path& row) const override;

  const RowReader& base_;
  bool undo_kept_;
  ClearRules rules_;
  std::shared_ptr<const Masks> masks_;
  const Scores& scores_;
  ScoreOverlay order_;
  bool masks_changed_ = false;
  std::vector<Survivors> prepared_;
  crdt::Row peeked_;
  Rows rows_;
  Rows::value_type* newest_ = nullptr;  // The row loaded last, which is often the next one too.
  std::unordered_map<std::string, StoredCount> counts_;  // By encoded path.
  std::vector<UndoStep> undo_;
};

}  // namespace anabranch::rows
