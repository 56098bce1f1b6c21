// Tells any thread how far the rows that it reads have come, as a version vector. The writer
// announces what it is about to commit, and posts when that is done; who has nothing to read sleeps
// until then.
//
// A reader takes its snapshot of the storage first and looks at the board then: what is announced
// covers all that the snapshot shows, and at most the group that is being committed besides.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "core/version_vector.h"

namespace anabranch::rows {

class VectorBoard {
 public:
  using Shared = std::shared_ptr<const core::VersionVector>;

  // ---- For the writer.

  // This may become visible from now on.
  void announce(const core::VersionVector& vector) {
    auto next = std::make_shared<const core::VersionVector>(vector);
    const std::lock_guard lock(mutex_);
    announced_ = std::move(next);
  }

  // It is committed. With a jump, rows have changed that no record of the log tells of.
  enum class Jump : std::uint8_t { kNo, kYes };
  void post(Jump jump = Jump::kNo) {
    if (jump == Jump::kYes) ++jumps_;
    ring();
  }

  // ---- For readers.

  // Covers all that a snapshot shows which was taken before this call.
  [[nodiscard]] Shared announced() const {
    const std::lock_guard lock(mutex_);
    return announced_;
  }

  [[nodiscard]] std::uint64_t jumps() const { return jumps_; }
  // Counts commits, and calls of ring(); sleeps while the count is still `seen`.
  [[nodiscard]] std::uint32_t rings() const { return rings_; }
  void wait(std::uint32_t seen) const { rings_.wait(seen); }
  void ring() const {
    ++rings_;
    rings_.notify_all();
  }

 private:
  std::atomic<std::uint64_t> jumps_ = 0;
  mutable std::atomic<std::uint32_t> rings_ = 0;
  mutable std::mutex mutex_;
  Shared announced_ = std::make_shared<const core::VersionVector>();
};

}  // namespace anabranch::rows
