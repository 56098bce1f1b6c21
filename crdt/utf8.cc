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

}  // namespace anabranch::crdt
