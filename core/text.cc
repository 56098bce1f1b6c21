#include "core/text.h"

#include <cmath>

namespace anabranch::core {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_hex(std::string& text, unsigned char byte) {
  text += {kDigits[byte >> 4U], kDigits[byte & 0xFU]};
}

}  // namespace

std::size_t long_code_point_size(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte_at(0);
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  unsigned char low = 0x80;  // For some first bytes the range of the second is narrower.
  unsigned char high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte_at(1) < low || byte_at(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte_at(i) & 0xC0U) != 0x80) return 0;
  }
  return size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = code_point_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_hex(text, static_cast<unsigned char>(byte));
  return text;
}

std::string to_hex(std::uint64_t number) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8) {
    append_hex(text, static_cast<unsigned char>(number >> static_cast<unsigned>(shift)));
  }
  return text;
}

std::string escaped(char byte) {
  std::string text = "\\x";
  append_hex(text, static_cast<unsigned char>(byte));
  return text;
}

std::optional<std::int64_t> parse_integer(std::string_view bytes) {
  constexpr std::size_t kSizeMax = 20;  // A text of many megabytes is not read to its end.
  if (bytes.size() > kSizeMax) return std::nullopt;
  if (bytes == "0") return 0;
  const std::size_t sign = bytes.starts_with('-') ? 1 : 0;
  if (bytes.size() == sign || bytes[sign] < '1' || bytes[sign] > '9') return std::nullopt;
  return parse_number<std::int64_t>(bytes);
}

std::optional<double> parse_finite(std::string_view bytes) {
  double number = 0;
  const char* const end = bytes.data() + bytes.size();
  const auto [stopped, error] = std::from_chars(bytes.data(), end, number);
  if (error != std::errc{} || stopped != end || !std::isfinite(number)) return std::nullopt;
  const std::string_view digits = bytes.substr(0, bytes.find_first_of("eE"));
  const bool vanished = number == 0 && digits.find_first_not_of("-.0") != std::string_view::npos;
  return vanished ? std::nullopt : std::optional(number);
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  return parse_number<std::uint16_t>(digits);
}

}  // namespace anabranch::core
