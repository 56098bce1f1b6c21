// The slots of Redis Cluster, by which its clients choose a server for a key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace anabranch::server {

inline constexpr std::uint16_t kSlots = 16'384;

// CRC-16/XMODEM: polynomial 0x1021, not reflected, from 0.
constexpr std::uint16_t crc16(std::string_view bytes) {
  constexpr auto kTable = [] {
    std::array<std::uint16_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
      std::uint32_t crc = static_cast<std::uint32_t>(i) << 8U;
      for (int bit = 0; bit < 8; ++bit) crc = (crc << 1U) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U);
      table[i] = static_cast<std::uint16_t>(crc);
    }
    return table;
  }();
  std::uint32_t crc = 0;
  for (const char each : bytes) {
    const std::uint32_t at = (crc >> 8U) ^ static_cast<unsigned char>(each);
    crc = ((crc << 8U) & 0xFFFFU) ^ kTable[at];
  }
  return static_cast<std::uint16_t>(crc);
}

// Returns the slot of a key: by what lies between its first '{' and the next '}' if that is not
// empty, else by all of it. Source: the specification of Redis Cluster, "Key distribution model".
constexpr std::uint16_t slot_of(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return crc16(key) % kSlots;
}

}  // namespace anabranch::server
