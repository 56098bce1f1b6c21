// Gives every reader the policies, and the regions of origins, of the same commit as its rows. A
// reader pays two looks at one number, and asks for the tables only when it meets siblings.
//
// The number counts the changes: it is odd from before a commit that changes a table until both
// are posted. A reader looks before it takes its storage snapshot and again afterwards. If both
// looks are the same even number, its snapshot has the tables posted with that number. Else, and if
// newer ones have been posted by the time it asks, it reads the rows of its own snapshot. Until the
// first tables are posted every reader does. The writer posts; any thread reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "rows/policy/origin_regions.h"
#include "rows/policy/policy_table.h"

namespace anabranch::rows {

class PublishedPolicies {
 public:
  using Shared = std::shared_ptr<const PolicyTable>;
  using SharedRegions = std::shared_ptr<const OriginRegions>;

  // ---- For the writer.

  // Announces that a commit may change a table from now on.
  void begin_publish() {
    if (is_changing(looks_.load(std::memory_order_relaxed))) return;
    ++looks_;
  }
  // Posts the committed tables; null for one that readers have to read themselves.
  void publish(Shared policies, SharedRegions regions) {
    begin_publish();
    const std::lock_guard lock(mutex_);
    policies_ = std::move(policies);
    regions_ = std::move(regions);
    ++looks_;
  }

  // ---- For readers.

  using Look = std::uint64_t;
  [[nodiscard]] Look look() const { return looks_.load(); }
  // Returns the policies of a snapshot taken between the looks `before` and `after`; null if the
  // reader has to read the rows of that snapshot itself.
  [[nodiscard]] Shared policies(Look before, Look after) const {
    return posted(policies_, before, after);
  }
  // The same for the regions of origins.
  [[nodiscard]] SharedRegions regions(Look before, Look after) const {
    return posted(regions_, before, after);
  }

 private:
  [[nodiscard]] static bool is_changing(Look look) { return (look & 1U) == 1; }

  template <typename Table>
  [[nodiscard]] Table posted(const Table& table, Look before, Look after) const {
    if (before != after || is_changing(before)) return nullptr;
    const std::lock_guard lock(mutex_);
    return look() == before ? table : nullptr;
  }

  std::atomic<Look> looks_ = 1;
  mutable std::mutex mutex_;
  Shared policies_;
  SharedRegions regions_;
};

}  // namespace anabranch::rows
