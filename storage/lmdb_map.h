// Where the file of an environment lies in memory, so that what LMDB finds on a damaged page is not
// read where there is no file. Only for what read transactions find: a write transaction has pages
// of its own. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace anabranch::storage {

class LmdbMap {
 public:
  // `used_bytes` says how much of the file is in use now; it only grows.
  LmdbMap(const char* begin, std::function<std::uint64_t()> used_bytes)
      : begin_(reinterpret_cast<std::uintptr_t>(begin)), used_bytes_(std::move(used_bytes)) {}

  // Whether these bytes are within what is used of the file.
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
  mutable std::atomic<std::uint64_t> used_ = 0;  // As it was asked for last.
};

}  // namespace anabranch::storage
