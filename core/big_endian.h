// Numbers of 8 bytes with the most significant byte first, so that they sort as bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace anabranch::core {

// Writes a number to memory that has room for it, and returns the end of that.
inline char* write_big_endian(char* to, std::uint64_t number) {
  if constexpr (std::endian::native == std::endian::little) number = __builtin_bswap64(number);
  std::memcpy(to, &number, sizeof number);
  return to + sizeof number;
}

}  // namespace anabranch::core
