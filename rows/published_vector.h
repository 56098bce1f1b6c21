// Tells any thread the version vector of the rows it reads. The writer announces the vector before
// a commit, and posts after it; a thread that waits for new rows sleeps until then.
//
// A reader takes its storage snapshot first and asks for the vector afterwards: the announced
// vector covers all rows in the snapshot, and besides at most the group being committed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "core/version_vector.h"

namespace anabranch::rows {

class PublishedVector {
 public:
  using Shared = std::shared_ptr<const core::VersionVector>;

  // ---- For the writer.

  // Announces a vector that may become visible from now on.
  void begin_publish(const core::VersionVector& vector) {
    auto next = std::make_shared<const core::VersionVector>(vector);
    const std::lock_guard lock(mutex_);
    announced_ = std::move(next);
  }

  // Posts the commit. With a jump, rows have changed without a record in the log.
  enum class Jump : std::uint8_t { kNo, kYes };
  void publish(Jump jump = Jump::kNo) {
    if (jump == Jump::kYes) ++jumps_;
    notify();
  }

  // ---- For readers.

  // Covers all rows of a snapshot that was taken before this call.
  [[nodiscard]] Shared announced() const {
    const std::lock_guard lock(mutex_);
    return announced_;
  }

  [[nodiscard]] std::uint64_t jumps() const { return jumps_; }
  // Counts commits and calls of notify(); wait() sleeps while the count is still `seen`.
  [[nodiscard]] std::uint32_t notifications() const { return notifications_; }
  void wait(std::uint32_t seen) const { notifications_.wait(seen); }
  void notify() const {
    ++notifications_;
    notifications_.notify_all();
  }

 private:
  std::atomic<std::uint64_t> jumps_ = 0;
  mutable std::atomic<std::uint32_t> notifications_ = 0;
  mutable std::mutex mutex_;
  Shared announced_ = std::make_shared<const core::VersionVector>();
};

}  // namespace anabranch::rows
