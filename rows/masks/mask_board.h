// Tells readers whether masks are pending, so that where there are none, as almost always, a read
// does not look for them. The writer posts; any thread reads.
//
// A reader looks at the board, takes its snapshot of the storage and looks again. When both looks
// showed the same and no masks, the snapshot has none: the writer announces masks before the commit
// that brings them, and takes them off after the commit that ends them. Otherwise the snapshot
// itself says which masks it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "rows/masks/masks.h"

namespace anabranch::rows {

class MaskBoard {
 public:
  // ---- For the writer.

  // Masks may be committed from now on.
  void announce() {
    if ((looks_.load(std::memory_order_relaxed) & 1U) == 0) ++looks_;
  }
  // These are committed.
  void post(std::shared_ptr<const Masks> masks) {
    const bool none = masks->empty();
    if (!none) announce();
    {
      const std::lock_guard lock(mutex_);
      newest_ = std::move(masks);
    }
    if (none && (looks_.load(std::memory_order_relaxed) & 1U) == 1) ++looks_;
  }

  // ---- For readers.

  using Look = std::uint64_t;
  [[nodiscard]] Look look() const { return looks_.load(); }
  // The masks of a snapshot that was taken after a look.
  [[nodiscard]] std::shared_ptr<const Masks> masks(Look before,
                                                   const storage::Snapshot& snapshot) const;

 private:
  std::atomic<Look> looks_ = 0;  // Counts the changes between none (even) and perhaps some (odd).
  mutable std::mutex mutex_;
  std::shared_ptr<const Masks> newest_;  // Spares readers the decoding.
};

}  // namespace anabranch::rows
