// Spaces, the first components of paths: one for the keys of each database, and one for the mesh's
// own rows (docs/formats.md), which no application reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace anabranch::core {

inline constexpr std::string_view kMeshSpace("\0", 1);
inline constexpr std::uint8_t kDatabaseMax = 15;

// Returns the space of a database, which is one character.
[[nodiscard]] constexpr char space_of(std::uint8_t database) {
  return static_cast<char>(database + 1);
}

// Returns the database of a space; nullopt for the mesh's own, and for those of no version.
[[nodiscard]] constexpr std::optional<std::uint8_t> database_of(std::string_view space) {
  if (space.size() != 1 || space == kMeshSpace) return std::nullopt;
  return static_cast<std::uint8_t>(static_cast<unsigned char>(space.front()) - 1);
}

}  // namespace anabranch::core
