// Bytes as text, for all layers: UTF-8, hexadecimal digits, and numbers as people and protocols
// write them. The caller gives them their meaning.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace anabranch::core {

// ---- UTF-8 (RFC 3629: no surrogates, no over-long forms, none above 0x10FFFF).

// Returns the size of a code point that begins with no ASCII byte; 0 when it is not valid.
[[nodiscard]] std::size_t long_code_point_size(std::string_view text);

// Returns the size, 1 to 4, of the first code point of a text; 0 when it is not valid or absent.
[[nodiscard]] inline std::size_t code_point_size(std::string_view text) {
  if (text.empty()) return 0;
  return static_cast<unsigned char>(text.front()) < 0x80 ? 1 : long_code_point_size(text);
}

[[nodiscard]] bool is_utf8(std::string_view text);

// ---- Text that people have written with other programs.

// Returns a text without the byte order mark that some editors put before it.
[[nodiscard]] inline std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

// Returns the first line of a text without its end: a password, of which programs keep the newline.
[[nodiscard]] inline std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

// ---- Hexadecimal digits, in lower case.

// Returns two digits for each byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);
// Returns 16 digits.
[[nodiscard]] std::string to_hex(std::uint64_t number);
// Returns the escape of a byte that cannot be shown: "\x0a".
[[nodiscard]] std::string escaped(char byte);

// ---- Numbers. The whole text must be the number; else the result is nullopt.

// Parses digits of a base, with a "-" where the type has a sign. Accepts leading zeros, refuses
// spaces and a "+".
template <std::integral T, int kBase = 10>
[[nodiscard]] std::optional<T> parse_number(std::string_view digits) {
  T number{};
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number, kBase);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

// Parses an integer of 64 bits by Redis' rule: canonical decimal digits, no spaces, no plus sign,
// no leading zeros; "-0" is none.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view bytes);

// Parses a finite double: "1", "-2.5", "1e+22". A text beyond the range of doubles is none, and so
// is one with a digit other than 0 that is nearer to 0 than to any other double: replicas that
// order values by it must agree, and libraries differ in the result of an underflow.
[[nodiscard]] std::optional<double> parse_finite(std::string_view bytes);

// Parses a port of TCP, 0 included.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view digits);

}  // namespace anabranch::core
