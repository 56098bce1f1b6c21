// A value that one thread replaces and any thread reads: readers keep the copy they took.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace anabranch::regions {

// Thread-safe. Never null.
template <typename T>
class Published {
 public:
  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    value_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_ = std::make_shared<const T>();
};

}  // namespace anabranch::regions
