// Numbers of a fixed size in files, little-endian.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace anabranch::core {

// Appends the lowest `size` bytes of a number, at most 8.
inline void put_little(std::string& out, std::uint64_t number, std::size_t size) {
  if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap64(number);
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, size);
}

// Returns the number that lies in `bytes`, at most 8.
[[nodiscard]] inline std::uint64_t little(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    number = number << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return number;
}

// Takes a number of `size` bytes off the front; `in` has them.
[[nodiscard]] inline std::uint64_t take_little(std::string_view& in, std::size_t size) {
  const std::uint64_t number = little(in.substr(0, size));
  in.remove_prefix(size);
  return number;
}

}  // namespace anabranch::core
