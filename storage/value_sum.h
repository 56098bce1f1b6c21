// The checksum at the end of each value in the tables of an engine: of its key and of the value
// itself, so that a value of another key does not pass for it. It is verified when the value is
// read.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace anabranch::storage {

inline constexpr std::size_t kValueSumSize = 4;

// Writes a value and its checksum to `out`, with room for exactly both.
void seal_value(std::span<char> out, std::string_view key, std::string_view value);

// Returns the value without its checksum; nullopt when that is wrong.
[[nodiscard]] std::optional<std::string_view> unseal_value(std::string_view key,
                                                           std::string_view sealed);

}  // namespace anabranch::storage
