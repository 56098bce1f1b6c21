// Variable-length integers (LEB128, as in protocol buffers and LevelDB) for hand-packed rows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/number.h"

namespace anabranch::core {

// The most bytes that one takes.
inline constexpr std::size_t kVarintMax = 10;
inline constexpr std::size_t kVarint128Max = 19;

// Writes the groups of seven bits of an unsigned number, as write_varint does.
template <typename Unsigned>
char* write_groups(char* to, Unsigned value) {
  constexpr unsigned kMore = 0x80;  // Another group follows.
  for (; value >= kMore; value >>= 7U) {
    *to++ = static_cast<char>(static_cast<unsigned char>(value) | kMore);
  }
  *to++ = static_cast<char>(value);
  return to;
}

// Returns the bytes of an unsigned number.
inline std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
}
// Each writes a number to memory that has room for it, and returns the end of that.
inline char* write_varint(char* to, std::uint64_t value) { return write_groups(to, value); }
char* write_varint128(char* to, Int128 value);  // Signed, zigzag.

// Appends a number.
void put_varint(std::string& out, std::uint64_t value);
// Appends the length as a varint, and the bytes.
void put_bytes(std::string& out, std::string_view bytes);

// Each takes a value off the front of `in`; nullopt (and `in` in an unspecified state) when `in` is
// too short or a number is over-long. Returned bytes are views into the input.
std::optional<std::uint64_t> take_long_varint(std::string_view& in);
inline std::optional<std::uint64_t> take_varint(std::string_view& in) {
  // Most take one byte: sizes, counts, numbers of origins.
  const bool is_short = !in.empty() && static_cast<unsigned char>(in.front()) < 0x80;
  if (!is_short) return take_long_varint(in);
  const auto value = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  return value;
}
std::optional<Int128> take_varint128(std::string_view& in);
inline std::optional<std::string_view> take_bytes(std::string_view& in) {
  const auto size = take_varint(in);
  if (!size || *size > in.size()) return std::nullopt;
  const std::string_view bytes = in.substr(0, *size);
  in.remove_prefix(*size);
  return bytes;
}

}  // namespace anabranch::core
