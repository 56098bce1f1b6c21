// Compares bytes by words and without a call: keys are short, and those that are compared mostly
// begin alike.
//
// A last part that is shorter than a word is read by two loads which overlap, as the memcmp() of
// glibc does (sysdeps/x86_64/multiarch/memcmp-evex-movbe.S).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace anabranch::core {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

template <typename Number>
Number load(const char* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

// Returns the bytes as a number whose order is that of the bytes.
template <typename Number>
std::uint64_t load_ordered(const char* at) {
  const auto number = load<Number>(at);
  if constexpr (std::endian::native == std::endian::big) return number;
  if constexpr (sizeof number == 8) return __builtin_bswap64(number);
  if constexpr (sizeof number == 4) return __builtin_bswap32(number);
  if constexpr (sizeof number == 2) return __builtin_bswap16(number);
}
inline std::uint64_t load_word(const char* at) { return load_ordered<std::uint64_t>(at); }

// Returns the word at an offset, with zeros where the bytes have no more; `at` is at most their
// size.
inline std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  const std::size_t left = bytes.size() - at;
  if (left >= kWordBytes) return load_word(bytes.data() + at);
  if (left == 0) return 0;
  // The last word ends with the bytes that are left.
  if (bytes.size() >= kWordBytes) {
    return load_word(bytes.data() + bytes.size() - kWordBytes) << 8 * (kWordBytes - left);
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < left; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << 8 * (kWordBytes - 1 - i);
  }
  return word;
}

// Returns a number for less than a word of bytes. The order of such numbers is that of the bytes,
// where these are equally many.
inline std::uint64_t load_part(const char* at, std::size_t size) {
  if (size >= 4) {
    return load_ordered<std::uint32_t>(at) << 32U | load_ordered<std::uint32_t>(at + size - 4);
  }
  if (size >= 2) {
    return load_ordered<std::uint16_t>(at) << 16U | load_ordered<std::uint16_t>(at + size - 2);
  }
  return size == 0 ? 0 : static_cast<unsigned char>(*at);
}

// Returns the order of two rows of bytes, as memcmp() does.
inline int compare_words(const char* a, const char* b, std::size_t size) {
  const auto order = [](std::uint64_t x, std::uint64_t y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (size < kWordBytes) return order(load_part(a, size), load_part(b, size));
  const std::size_t last = size - kWordBytes;
  for (std::size_t at = 0; at < last; at += kWordBytes) {
    const std::uint64_t x = load_word(a + at);
    const std::uint64_t y = load_word(b + at);
    if (x != y) return order(x, y);
  }
  return order(load_word(a + last), load_word(b + last));
}

// Returns whether two numbers of this size begin, and two end, these rows of bytes alike.
template <typename Number>
bool same_ends(const char* a, const char* b, std::size_t size) {
  const std::size_t last = size - sizeof(Number);
  return load<Number>(a) == load<Number>(b) && load<Number>(a + last) == load<Number>(b + last);
}

// Returns whether two rows of bytes are the same.
inline bool same_words(const char* a, const char* b, std::size_t size) {
  if (size > 2 * kWordBytes) {
    const std::size_t last = size - kWordBytes;
    for (std::size_t at = 0; at < last; at += kWordBytes) {
      if (load<std::uint64_t>(a + at) != load<std::uint64_t>(b + at)) return false;
    }
    return load<std::uint64_t>(a + last) == load<std::uint64_t>(b + last);
  }
  if (size >= 8) return same_ends<std::uint64_t>(a, b, size);
  if (size >= 4) return same_ends<std::uint32_t>(a, b, size);
  if (size >= 2) return same_ends<std::uint16_t>(a, b, size);
  return size == 0 || *a == *b;
}

// Returns how many bytes two rows of bytes have in common at their beginning.
inline std::size_t common_bytes(const char* a, const char* b, std::size_t size) {
  std::size_t at = 0;
  for (; at + kWordBytes <= size; at += kWordBytes) {
    const std::uint64_t differ = load_word(a + at) ^ load_word(b + at);
    if (differ != 0) return at + static_cast<std::size_t>(std::countl_zero(differ)) / 8;
  }
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

}  // namespace anabranch::core
