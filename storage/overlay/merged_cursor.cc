#include "storage/overlay/merged_cursor.h"

#include <utility>

namespace anabranch::storage {

MergedCursor::MergedCursor(std::vector<OverlayCursor> overlays, std::unique_ptr<Cursor> base,
                           Direction direction)
    : overlays_(std::move(overlays)), base_(std::move(base)), direction_(direction) {
  find();
}

void MergedCursor::next() {
  pass();
  find();
}

void MergedCursor::find() {
  while (look()) pass();
}

bool MergedCursor::look() {
  shown_ = nullptr;
  bool removed = false;
  const auto consider = [&](Cursor& layer, const auto& is_removed) {
    if (!layer.valid()) return;
    const int order = shown_ == nullptr ? 0 : layer.key().compare(shown_->key());
    const bool earlier = direction_ == Direction::kForward ? order < 0 : order > 0;
    if (shown_ != nullptr && !earlier) return;
    shown_ = &layer;
    removed = is_removed();
  };
  for (OverlayCursor& each : overlays_) consider(each, [&] { return each.removed(); });
  consider(*base_, [] { return false; });
  return removed;
}

void MergedCursor::pass() {
  const std::string key(shown_->key());
  const auto move_on = [&](Cursor& layer) {
    if (layer.valid() && layer.key() == key) layer.next();
  };
  for (OverlayCursor& each : overlays_) move_on(each);
  move_on(*base_);
}

}  // namespace anabranch::storage
