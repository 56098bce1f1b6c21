#include "storage/overlay/merged_cursor.h"

#include <utility>

namespace anabranch::storage {

MergedCursor::MergedCursor(std::vector<OverlayCursor> overlays, std::unique_ptr<Cursor> base,
                           const KeyRange& range, std::atomic<std::uint64_t>& passed)
    : overlays_(std::move(overlays)), base_(std::move(base)), range_(range), passed_(passed) {
  find();
}

MergedCursor::~MergedCursor() {
  if (removed_ > 0) passed_.fetch_add(removed_, std::memory_order_relaxed);
}

void MergedCursor::next() {
  pass();
  find();
}

void MergedCursor::find() {
  while (look()) {
    ++removed_;
    pass();
  }
}

bool MergedCursor::look() {
  shown_ = nullptr;
  bool removed = false;
  const auto consider = [&](Cursor& layer, const auto& is_removed) {
    if (!layer.valid()) return;
    const int order = shown_ == nullptr ? 0 : layer.key().compare(shown_->key());
    const bool earlier = range_.direction == Direction::kForward ? order < 0 : order > 0;
    if (shown_ != nullptr && !earlier) return;
    shown_ = &layer;
    removed = is_removed();
  };
  for (OverlayCursor& each : overlays_) consider(each, [&] { return each.removed(); });
  consider(*base_, [] { return false; });
  if (shown_ != nullptr && range_.is_left_at(shown_->key())) shown_ = nullptr;
  return removed && shown_ != nullptr;
}

void MergedCursor::pass() {
  Cursor& shown = *shown_;
  const auto move_on = [&](Cursor& layer) {
    if (&layer != &shown && layer.valid() && layer.key() == shown.key()) layer.next();
  };
  for (OverlayCursor& each : overlays_) move_on(each);
  move_on(*base_);
  shown.next();
}

}  // namespace anabranch::storage
