// Uncommitted changes of the table of scores, over a table that does not change: the part of a
// stage that holds the order of scores. Savepoints undo. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rows/score_table.h"

namespace anabranch::rows {

class ScoreOverlay final : public MutableScoreTable {
 public:
  // `base` must outlive this object. Without undo there are no savepoints.
  ScoreOverlay(const ScoreTable& base, bool undo_kept) : base_(&base), undo_kept_(undo_kept) {}

  // Goes on over another table with the same entries, which must outlive this object.
  void go_on_over(const ScoreTable& base) { base_ = &base; }

  [[nodiscard]] std::optional<std::string> score_at(std::string_view key) const override;
  [[nodiscard]] std::unique_ptr<storage::Cursor> scan_scores(
      const storage::KeyRange& range) const override;
  void set_score(std::string key, std::optional<std::string> value) override;

  using Savepoint = std::size_t;
  [[nodiscard]] Savepoint savepoint() const { return undo_.size(); }
  void rollback(Savepoint savepoint);
  void keep() { undo_.clear(); }

  // Appends all changes so far, for one commit.
  void take_changes(storage::Changes& changes) const;
  // Whether some changes leave work behind: orders to be built or removed (score_upkeep.h).
  [[nodiscard]] bool leaves_work() const { return leaves_work_; }

 private:
  class MergedCursor;
  using Staged = std::map<std::string, std::optional<std::string>, std::less<>>;

  const ScoreTable* base_;
  bool undo_kept_;
  Staged staged_;
  bool leaves_work_ = false;  // May stay true after an undo.
  // Keys with the value staged there before; an inner nullopt is a removal, an outer one no change.
  std::vector<std::pair<std::string, std::optional<std::optional<std::string>>>> undo_;
};

}  // namespace anabranch::rows
