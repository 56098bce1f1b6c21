// Lengths and places in UTF-8, taken to be valid: nlohmann's parser admits no other.
#pragma once

#include <cstdint>
#include <string_view>

namespace board {

// Return the number of code points, and of the units of UTF-16 that JavaScript counts.
std::size_t characters(std::string_view utf8);
std::uint64_t units(std::string_view utf8);

// Returns the byte at which a unit of UTF-16 begins; the size for places behind the end.
std::size_t byte_at(std::string_view utf8, std::uint64_t unit);

}  // namespace board
