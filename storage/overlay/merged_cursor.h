// One table as several layers give it together: a layer hides what those behind it have at the same
// key, also where it has a key as removed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/overlay/overlay_cursor.h"
#include "storage/storage.h"

namespace anabranch::storage {

// For one thread; the layers must be held as long.
class MergedCursor final : public Cursor {
 public:
  // All cursors begin as Snapshot::scan() does, and may go on behind the range. `overlays`: the
  // newest first. `base`: what they lie over. `passed` gets the number of removed keys that this
  // walk has passed, at its end.
  MergedCursor(std::vector<OverlayCursor> overlays, std::unique_ptr<Cursor> base,
               const KeyRange& range, std::atomic<std::uint64_t>& passed);
  MergedCursor(const MergedCursor&) = delete;
  MergedCursor& operator=(const MergedCursor&) = delete;
  ~MergedCursor() override;

  [[nodiscard]] bool valid() const override { return shown_ != nullptr; }
  [[nodiscard]] std::string_view key() const override { return shown_->key(); }
  [[nodiscard]] std::string_view value() const override { return shown_->value(); }
  void next() override;

 private:
  // Shows the next key of the range that is not removed, at the places of the layers.
  void find();
  // Makes `shown_` the first layer with the key that comes next; null at the end of the range.
  // Returns whether the key is removed there.
  bool look();
  // Moves all layers on that are at the key of `shown_`, which hides the others.
  void pass();

  std::vector<OverlayCursor> overlays_;
  std::unique_ptr<Cursor> base_;
  const KeyRange range_;
  Cursor* shown_ = nullptr;
  std::uint64_t removed_ = 0;  // Keys that were passed.
  std::atomic<std::uint64_t>& passed_;
};

}  // namespace anabranch::storage
