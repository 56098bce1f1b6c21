// A stage: rows changed but not yet committed, over a reader that does not change. Local groups and
// slices of foreign batches are both staged; everything that changes a row passes edit(), which
// keeps the counts.
//
// Savepoints undo: rollback(savepoint()) gives back the state of that moment. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/origin_table.h"
#include "regions/counts.h"
#include "regions/row_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Stage final : public RowReader, private CountTable {
 public:
  enum class Undo : std::uint8_t { kKept, kNone };

  // `base` must outlive the stage. Without undo there are no savepoints.
  Stage(const RowReader& base, Undo undo) : base_(base), undo_kept_(undo == Undo::kKept) {}

  [[nodiscard]] crdt::Row row(const core::Path& path) const override;
  void scan(const core::Path& prefix, const Visit& visit) const override;
  [[nodiscard]] std::uint64_t count(const core::Path& path) const override;

  // Changes the row at `path` (an empty one when there is none).
  template <typename Function>
  void edit(const core::Path& path, const Function& function) {
    StagedRow& staged = load(path);
    staged.changed = true;
    if (undo_kept_) undo_.push_back({&staged, staged.row, {}, 0});
    const bool before = staged.row.present();
    function(staged.row);
    const bool after = staged.row.present();
    if (before != after) count_presence(path, after, *this);
  }
  // Has the row written again even if nothing in it changes, so that Collect sees it.
  void touch(const core::Path& path) { load(path).changed = true; }
  // The row as it is staged, loaded for reading before an edit; valid until the next call.
  [[nodiscard]] const crdt::Row& peek(const core::Path& path) { return load(path).row; }

  using Savepoint = std::size_t;
  [[nodiscard]] Savepoint savepoint() const { return undo_.size(); }
  void rollback(Savepoint savepoint);
  // Forgets how to undo what is staged so far; earlier savepoints are void.
  void keep() { undo_.clear(); }

  // Called for every staged row before it is encoded, to drop what need not be stored.
  using Collect = std::function<void(const core::Path&, crdt::Row&)>;
  // All changes, for one commit. Every origin in the rows must be in `origins`.
  [[nodiscard]] std::vector<storage::Change> changes(const core::OriginTable& origins,
                                                     const Collect& collect);

 private:
  struct StagedRow {
    crdt::Row row;
    bool stored = false;   // The base has the row.
    bool changed = false;  // Edited, not only read.
  };
  using Rows = std::map<core::Path, StagedRow>;
  // A row, or the count of a collection, as it was.
  struct UndoStep {
    StagedRow* staged = nullptr;  // Null for a count. Staged rows stay where they are.
    crdt::Row row;
    std::string collection;
    std::uint64_t count = 0;
  };

  StagedRow& load(const core::Path& path);
  void set_count(const core::Path& collection, std::uint64_t count) override;
  [[nodiscard]] bool row_present(const core::Path& row) const override;

  const RowReader& base_;
  bool undo_kept_;
  Rows rows_;
  Rows::value_type* newest_ = nullptr;  // The row loaded last, which is often the next one too.
  std::unordered_map<std::string, std::uint64_t> counts_;  // By encoded path.
  std::vector<UndoStep> undo_;
};

}  // namespace anabranch::regions
