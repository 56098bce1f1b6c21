// UTF-8, as texts hold it: code points, and how many units of UTF-16 they take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace anabranch::crdt {

struct TextLength {
  std::uint32_t points = 0;  // Code points.
  std::uint32_t units = 0;   // Of UTF-16: two for a code point from 0x10000 on.
  bool operator==(const TextLength&) const = default;
};

// The length of a text of less than 2^32 bytes; nothing when it is no valid UTF-8 (RFC 3629: no
// surrogates, nothing over-long, nothing above 0x10FFFF).
[[nodiscard]] std::optional<TextLength> utf8_length(std::string_view text);
// How many bytes the first `points` code points of a valid text take, and how many units.
struct TextPrefix {
  std::uint32_t bytes = 0;
  TextLength length;
};
[[nodiscard]] TextPrefix utf8_prefix(std::string_view text, std::uint32_t points);
// The same up to `units` units of UTF-16; one more when that is within a code point of two.
[[nodiscard]] TextPrefix utf8_prefix_of_units(std::string_view text, std::uint32_t units);

}  // namespace anabranch::crdt
