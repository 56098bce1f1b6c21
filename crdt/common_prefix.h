// The common prefix of two byte strings, eight bytes at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace anabranch::crdt {

// Returns the number of bytes with which both begin.
[[nodiscard]] inline std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t left = 0, right = 0; at + sizeof(left) <= size; at += sizeof(left)) {
      std::memcpy(&left, a.data() + at, sizeof(left));
      std::memcpy(&right, b.data() + at, sizeof(right));
      if (left != right) {
        return at + static_cast<std::size_t>(std::countr_zero(left ^ right)) / 8;
      }
    }
  }
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

}  // namespace anabranch::crdt
