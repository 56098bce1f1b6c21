// Gives every reader the policies of the same commit as its rows. A reader pays two looks at one
// number, and asks for the policies only when it meets siblings.
//
// The number counts the changes: it is odd from before a commit that changes policies until their
// table is posted. A reader looks before it takes its storage snapshot and again afterwards. If
// both looks are the same even number, its snapshot has the policies posted with that number. Else,
// and if newer ones have been posted by the time it asks, it reads the rows of its own snapshot.
// Until the first table is posted every reader does. The writer posts; any thread reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "rows/policy/policy_table.h"

namespace anabranch::rows {

class PublishedPolicies {
 public:
  using Shared = std::shared_ptr<const PolicyTable>;

  // ---- For the writer.

  // Announces that a commit may change the policies from now on.
  void begin_publish() {
    if (is_changing(looks_.load(std::memory_order_relaxed))) return;
    ++looks_;
  }
  // Posts the committed policies.
  void publish(Shared policies) {
    begin_publish();
    const std::lock_guard lock(mutex_);
    newest_ = std::move(policies);
    ++looks_;
  }

  // ---- For readers.

  using Look = std::uint64_t;
  [[nodiscard]] Look look() const { return looks_.load(); }
  // Returns the policies of a snapshot taken between the looks `before` and `after`; null if the
  // reader has to read the rows of that snapshot itself.
  [[nodiscard]] Shared policies(Look before, Look after) const {
    if (before != after || is_changing(before)) return nullptr;
    const std::lock_guard lock(mutex_);
    return look() == before ? newest_ : nullptr;
  }

 private:
  [[nodiscard]] static bool is_changing(Look look) { return (look & 1U) == 1; }

  std::atomic<Look> looks_ = 1;
  mutable std::mutex mutex_;
  Shared newest_;
};

}  // namespace anabranch::rows
