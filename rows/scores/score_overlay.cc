#include "rows/scores/score_overlay.h"

#include "core/assert.h"

namespace anabranch::rows {

using storage::Cursor;
using storage::Direction;
using storage::KeyRange;

// Merges two sorted sequences; a staged entry replaces the stored one at the same key.
class ScoreOverlay::MergedCursor final : public Cursor {
 public:
  MergedCursor(const Staged& staged, const ScoreTable& base, const KeyRange& range)
      : staged_(staged),
        range_(range),
        forward_(range.direction == Direction::kForward),
        below_(base.scan_scores(range)) {
    if (forward_) {
      next_ = staged.lower_bound(range.from);
    } else {
      next_ = range.to.empty() ? staged.end() : staged.lower_bound(range.to);
      step_back();
    }
    settle();
  }

  [[nodiscard]] bool valid() const override { return above_ || below_->valid(); }
  [[nodiscard]] std::string_view key() const override {
    return above_ ? std::string_view(next_->first) : below_->key();
  }
  [[nodiscard]] std::string_view value() const override {
    return above_ ? std::string_view(*next_->second) : below_->value();
  }
  void next() override {
    above_ ? step() : below_->next();
    settle();
  }

 private:
  // Going backwards, past_ means that no staged entry is left.
  void step_back() {
    past_ = next_ == staged_.begin();
    if (!past_) --next_;
  }
  void step() {
    if (forward_) {
      ++next_;
    } else {
      step_back();
    }
  }
  [[nodiscard]] bool any_staged() const {
    const bool any = forward_ ? next_ != staged_.end() : !past_;
    return any && !range_.is_left_at(next_->first);
  }
  // Selects the cursor that comes next, and skips removed entries.
  void settle() {
    for (;;) {
      above_ = any_staged();
      if (!above_) return;
      if (below_->valid()) {
        const int order = below_->key().compare(next_->first);
        if (order == 0) {
          below_->next();  // Replaced by the staged entry.
        } else if ((order < 0) == forward_) {
          above_ = false;
          return;
        }
      }
      if (next_->second) return;
      step();
    }
  }

  const Staged& staged_;
  const KeyRange range_;
  const bool forward_;
  std::unique_ptr<Cursor> below_;
  Staged::const_iterator next_;
  bool past_ = false;
  bool above_ = false;  // The cursor stands at a staged entry.
};

std::optional<std::string> ScoreOverlay::score_at(std::string_view key) const {
  const auto staged = staged_.find(key);
  return staged == staged_.end() ? base_->score_at(key) : staged->second;
}

std::unique_ptr<Cursor> ScoreOverlay::scan_scores(const KeyRange& range) const {
  if (staged_.empty()) return base_->scan_scores(range);
  return std::make_unique<MergedCursor>(staged_, *base_, range);
}

void ScoreOverlay::set_score(std::string key, std::optional<std::string> value) {
  if (value &&
      (key.starts_with(storage::kOldOrderPrefix) || key.starts_with(storage::kUnorderedPrefix))) {
    leaves_work_ = true;
  }
  const auto [staged, fresh] = staged_.try_emplace(std::move(key));
  if (undo_kept_) {
    std::optional<std::optional<std::string>> before;
    if (!fresh) before.emplace(std::move(staged->second));
    undo_.emplace_back(staged->first, std::move(before));
  }
  staged->second = std::move(value);
}

void ScoreOverlay::rollback(Savepoint savepoint) {
  ANABRANCH_ASSERT(undo_kept_ && savepoint <= undo_.size());
  while (undo_.size() > savepoint) {
    auto& [key, before] = undo_.back();
    if (before) {
      staged_.find(key)->second = *std::move(before);
    } else {
      staged_.erase(key);
    }
    undo_.pop_back();
  }
}

void ScoreOverlay::take_changes(storage::Changes& changes) const {
  for (const auto& [key, value] : staged_) changes.set(storage::Table::kScores, key, value);
}

}  // namespace anabranch::rows
