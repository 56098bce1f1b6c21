// A failure that one thread notes and others ask for before each commit: to learn that there is
// none takes no lock.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "core/result.h"

namespace anabranch::storage {

class NotedFailure {
 public:
  explicit NotedFailure(std::optional<core::Failure> failure = std::nullopt)
      : failure_(std::move(failure)), is_noted_(failure_.has_value()) {}

  void note(core::Failure failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    is_noted_.store(true);
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    is_noted_.store(false);
    failure_.reset();
  }
  [[nodiscard]] bool is_noted() const { return is_noted_.load(std::memory_order_acquire); }
  // Returns what was noted last.
  [[nodiscard]] std::optional<core::Failure> get() const {
    if (!is_noted()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<core::Failure> failure_;
  std::atomic<bool> is_noted_;
};

}  // namespace anabranch::storage
