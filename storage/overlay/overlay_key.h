// The key of an overlay's tree for a key of a table: it begins with the byte of the table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "storage/storage.h"

namespace anabranch::storage {

// Keys of usual lengths need no memory but their own.
class OverlayKey {
 public:
  OverlayKey(Table table, std::string_view key) : size_(key.size() + 1) {
    if (size_ > near_.size()) far_.resize(size_);
    data()[0] = static_cast<char>(table);
    std::copy(key.begin(), key.end(), data() + 1);
  }
  OverlayKey(const OverlayKey&) = delete;
  OverlayKey& operator=(const OverlayKey&) = delete;

  [[nodiscard]] std::string_view whole() const {
    return {far_.empty() ? near_.data() : far_.data(), size_};
  }
  // Makes this the key behind all of its table, when the key within the table is empty.
  void go_behind_table() { ++data()[0]; }

 private:
  static constexpr std::size_t kNear = 256;
  [[nodiscard]] char* data() { return far_.empty() ? near_.data() : far_.data(); }

  std::size_t size_;
  std::array<char, kNear> near_;
  std::string far_;
};

}  // namespace anabranch::storage
