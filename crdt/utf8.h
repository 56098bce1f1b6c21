// UTF-8 of texts: code points, and their size in units of UTF-16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace anabranch::crdt {

struct TextLength {
  std::uint32_t points = 0;  // Code points.
  std::uint32_t units = 0;   // Of UTF-16: two for a code point from 0x10000 on.
  bool operator==(const TextLength&) const = default;
};

// Returns the length of a text of less than 2^32 bytes; nullopt when it is not valid UTF-8 (RFC
// 3629: no surrogates, no over-long forms, no code point above 0x10FFFF).
[[nodiscard]] std::optional<TextLength> utf8_length(std::string_view text);
// The size in bytes of the first `points` code points of a valid text, and their length.
struct TextPrefix {
  std::uint32_t bytes = 0;
  TextLength length;
};
[[nodiscard]] TextPrefix utf8_prefix(std::string_view text, std::uint32_t points);
// The same for `units` units of UTF-16; one unit more when the last one splits a code point.
[[nodiscard]] TextPrefix utf8_prefix_of_units(std::string_view text, std::uint32_t units);

// Return the code points of a valid text, and the text of code points.
[[nodiscard]] std::u32string utf8_decoded(std::string_view text);
[[nodiscard]] std::string utf8_encoded(std::u32string_view points);

}  // namespace anabranch::crdt
