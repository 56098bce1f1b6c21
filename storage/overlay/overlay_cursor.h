// Walks over one table in a version of an overlay, in the order of keys.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "storage/overlay/overlay_tree.h"
#include "storage/storage.h"

namespace anabranch::storage {

// For one thread; the version must be held as long.
class OverlayCursor final : public Cursor {
 public:
  // Begins as Snapshot::scan() does, and goes on behind the range to the end of the table.
  OverlayCursor(OverlayRoot root, Table table, const KeyRange& range);

  [[nodiscard]] bool valid() const override { return entry_ != nullptr; }
  [[nodiscard]] std::string_view key() const override { return entry_->key().substr(1); }
  // Empty when the key was removed.
  [[nodiscard]] std::string_view value() const override { return entry_->value().value_or(""); }
  [[nodiscard]] bool removed() const { return entry_->removed(); }
  void next() override;

 private:
  struct Step {
    const OverlayNode* node;
    std::size_t at;
  };

  void seek(const OverlayNode* node, const OverlayKey& key);
  // Both move to the neighbour of the place; false at the end.
  bool forward();
  bool backward();
  // Descends to the first, or the last, leaf below the last step.
  void descend(bool last);
  void look();

  const char table_;
  const Direction direction_;
  std::array<Step, kOverlayDepthMax> steps_;  // From the root to a leaf.
  std::size_t depth_ = 0;
  const OverlayEntry* entry_ = nullptr;
};

}  // namespace anabranch::storage
