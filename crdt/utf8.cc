#include "crdt/utf8.h"

#include "core/text.h"

namespace anabranch::crdt {

namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Returns the number of bytes of a code point with this first byte, in a valid text.
std::uint32_t size_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
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
  if (text.size() == 1 && byte_at(text, 0) < 0x80) return TextLength{1, 1};
  TextLength length;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = core::code_point_size(text.substr(at));
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

std::u32string utf8_decoded(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char first = byte_at(text, at);
    const std::uint32_t size = size_of(first);
    // The first byte has one bit less for each byte that follows, and one for their number.
    char32_t point = size == 1 ? first : first & (0x7FU >> size);
    for (std::uint32_t i = 1; i < size; ++i) point = point << 6U | (byte_at(text, at + i) & 0x3FU);
    points.push_back(point);
    at += size;
  }
  return points;
}

std::string utf8_encoded(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  const auto put = [&](char32_t bits) { text.push_back(static_cast<char>(bits)); };
  const auto put_next = [&](char32_t point, unsigned shift) {
    put(0x80U | (point >> shift & 0x3FU));
  };
  for (const char32_t point : points) {
    if (point < 0x80) {
      put(point);
      continue;
    }
    if (point < 0x800) {
      put(0xC0U | point >> 6U);
    } else if (point < 0x10000) {
      put(0xE0U | point >> 12U);
      put_next(point, 6);
    } else {
      put(0xF0U | point >> 18U);
      put_next(point, 12);
      put_next(point, 6);
    }
    put_next(point, 0);
  }
  return text;
}

}  // namespace anabranch::crdt
