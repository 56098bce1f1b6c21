// Tells readers whether masks are pending, so that without masks, which is nearly always, a read
// need not look for them. The writer posts; any thread reads.
//
// A reader takes a look(), then its storage snapshot and looks again. If both looks are equal
// and show no masks, the snapshot has none: the writer announces masks before the commit that
// brings them, and withdraws them after the commit that ends them. Otherwise the reader loads the
// masks from the snapshot.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "rows/masks/masks.h"

namespace anabranch::rows {

class PublishedMasks {
 public:
  // ---- For the writer.

  // Announces that masks may be committed from now on.
  void begin_publish() {
    if ((looks_.load(std::memory_order_relaxed) & 1U) == 0) ++looks_;
  }
  // Posts the committed masks.
  void publish(std::shared_ptr<const Masks> masks) {
    const bool none = masks->empty();
    if (!none) begin_publish();
    {
      const std::lock_guard lock(mutex_);
      newest_ = std::move(masks);
    }
    if (none && (looks_.load(std::memory_order_relaxed) & 1U) == 1) ++looks_;
  }

  // ---- For readers.

  using Look = std::uint64_t;
  [[nodiscard]] Look look() const { return looks_.load(); }
  // Returns the masks of a snapshot that was taken after the look `before`.
  [[nodiscard]] std::shared_ptr<const Masks> masks(Look before,
                                                   const storage::Snapshot& snapshot) const;

 private:
  std::atomic<Look> looks_ = 0;  // Counts changes between none (even) and perhaps some (odd).
  mutable std::mutex mutex_;
  std::shared_ptr<const Masks> newest_;  // Decoded once, for all readers.
};

}  // namespace anabranch::rows
