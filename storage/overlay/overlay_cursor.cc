#include "storage/overlay/overlay_cursor.h"

#include "core/assert.h"
#include "storage/overlay/overlay_key.h"

namespace anabranch::storage {

namespace {

const OverlayNode* child(const OverlayNode& node, std::size_t at) {
  return static_cast<const OverlayInner&>(node).children[at];
}

}  // namespace

OverlayCursor::OverlayCursor(OverlayRoot root, Table table, const KeyRange& range)
    : table_(static_cast<char>(table)), direction_(range.direction) {
  if (root.node() == nullptr) return;
  const bool backward = direction_ == Direction::kBackward;
  OverlayKey key(table, backward ? range.to : range.from);
  if (backward && range.to.empty()) key.go_behind_table();
  seek(root.node(), key);
  const Step& leaf = steps_[depth_ - 1];
  // The place is that of the first key at or after `key`, perhaps behind the last of its leaf.
  if (backward ? this->backward() : leaf.at < leaf.node->count || forward()) look();
}

void OverlayCursor::seek(const OverlayNode* node, const OverlayKey& key) {
  for (;;) {
    ANABRANCH_ASSERT(depth_ < kOverlayDepthMax);
    if (node->leaf) {
      steps_[depth_++] = {node, node->find(key).at};
      return;
    }
    const auto& inner = static_cast<const OverlayInner&>(*node);
    const std::size_t at = inner.child(key);
    steps_[depth_++] = {node, at};
    node = inner.children[at];
  }
}

void OverlayCursor::next() {
  entry_ = nullptr;
  if (direction_ == Direction::kForward ? forward() : backward()) look();
}

bool OverlayCursor::forward() {
  if (Step& leaf = steps_[depth_ - 1]; leaf.at + 1 < leaf.node->count) {
    ++leaf.at;
    return true;
  }
  std::size_t up = depth_ - 1;
  while (up > 0 && steps_[up - 1].at == steps_[up - 1].node->count) --up;
  if (up == 0) return false;
  ++steps_[up - 1].at;
  depth_ = up;
  descend(false);
  return true;
}

bool OverlayCursor::backward() {
  if (Step& leaf = steps_[depth_ - 1]; leaf.at > 0) {
    --leaf.at;
    return true;
  }
  std::size_t up = depth_ - 1;
  while (up > 0 && steps_[up - 1].at == 0) --up;
  if (up == 0) return false;
  --steps_[up - 1].at;
  depth_ = up;
  descend(true);
  return true;
}

void OverlayCursor::descend(bool last) {
  for (const OverlayNode* node = steps_[depth_ - 1].node; !node->leaf;) {
    node = child(*node, steps_[depth_ - 1].at);
    const std::size_t end = node->leaf ? node->count - std::size_t{1} : node->count;
    ANABRANCH_ASSERT(depth_ < kOverlayDepthMax);
    steps_[depth_++] = {node, last ? end : 0};
  }
}

void OverlayCursor::look() {
  const Step& leaf = steps_[depth_ - 1];
  const OverlayEntry* const entry = leaf.node->entries[leaf.at];
  if (entry->key()[0] == table_) entry_ = entry;
}

}  // namespace anabranch::storage
