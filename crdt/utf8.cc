#include "crdt/utf8.h"

#include <algorithm>

namespace anabranch::crdt {

namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// How many bytes a code point with this first byte takes in a valid text.
std::uint32_t size_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

// The size of the code point at the front of `text`; 0 when there is no valid one.
std::uint32_t valid_size(std::string_view text) {
  const unsigned char first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::uint32_t size = size_of(first);
  if (text.size() < size) return 0;
  unsigned char low = 0x80;  // The second byte is in a narrower range for some first ones.
  unsigned char high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte_at(text, 1) < low || byte_at(text, 1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte_at(text, i) & 0xC0U) != 0x80) return 0;
  }
  return size;
}

template <typename Enough>
TextPrefix prefix_until(std::string_view text, const Enough& enough) {
  TextPrefix prefix;
  while (!enough(prefix.length) && prefix.bytes < text.size()) {
    const std::uint32_t size = size_of(byte_at(text, prefix.bytes));
    prefix.bytes += size;
    prefix.length.points += 1;
    prefix.length.units += size == 4 ? 2 : 1;
  }
  return prefix;
}

}  // namespace

std::optional<TextLength> utf8_length(std::string_view text) {
  TextLength length;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t size = valid_size(text.substr(at));
    if (size == 0) return std::nullopt;
    at += size;
    length.points += 1;
    length.units += size == 4 ? 2 : 1;
  }
  return length;
}

TextPrefix utf8_prefix(std::string_view text, std::uint32_t points) {
  return prefix_until(text, [&](const TextLength& length) { return length.points >= points; });
}

TextPrefix utf8_prefix_of_units(std::string_view text, std::uint32_t units) {
  return prefix_until(text, [&](const TextLength& length) { return length.units >= units; });
}

}  // namespace anabranch::crdt
