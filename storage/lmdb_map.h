// The address range of an environment's file in memory. It prevents reads outside of the file when
// a damaged page points there. Only for views of read transactions: a write transaction has pages
// of its own. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace anabranch::storage {

class LmdbMap {
 public:
  // `used_bytes` returns the size of the file's used part; it only grows.
  LmdbMap(const char* begin, std::function<std::uint64_t()> used_bytes)
      : begin_(reinterpret_cast<std::uintptr_t>(begin)), used_bytes_(std::move(used_bytes)) {}

  // Returns whether these bytes are within the used part of the file.
  [[nodiscard]] bool holds(std::string_view bytes) const {
    if (within(bytes, used_.load(std::memory_order_relaxed))) return true;
    const std::uint64_t used = used_bytes_();
    used_.store(used, std::memory_order_relaxed);
    return within(bytes, used);
  }

 private:
  [[nodiscard]] bool within(std::string_view bytes, std::uint64_t used) const {
    const auto from = reinterpret_cast<std::uintptr_t>(bytes.data());
    return from >= begin_ && from - begin_ <= used && bytes.size() <= used - (from - begin_);
  }

  std::uintptr_t begin_;
  std::function<std::uint64_t()> used_bytes_;
  mutable std::atomic<std::uint64_t> used_ = 0;  // The last result of used_bytes_().
};

}  // namespace anabranch::storage
