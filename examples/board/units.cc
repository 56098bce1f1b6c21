#include "examples/board/units.h"

#include <algorithm>

namespace board {
namespace {

// A byte counts for the character that it begins: one unit, or two from four bytes on.
unsigned units_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if ((byte & 0xC0U) == 0x80U) return 0;
  return byte >= 0xF0U ? 2 : 1;
}

}  // namespace

std::size_t characters(std::string_view utf8) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::ranges::count_if(utf8, begins));
}

std::uint64_t units(std::string_view utf8) {
  std::uint64_t sum = 0;
  for (const char c : utf8) sum += units_of(c);
  return sum;
}

std::size_t byte_at(std::string_view utf8, std::uint64_t unit) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const unsigned width = units_of(utf8[i]);
    if (width > 0 && before >= unit) return i;
    before += width;
  }
  return utf8.size();
}

}  // namespace board
