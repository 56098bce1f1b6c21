// Chance, for what no client may foresee and for commands that choose by chance. Nothing that a
// region shows or deletes follows from it but what such a command has named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace anabranch::server {

inline std::uint64_t random_seed() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>()(device);
}

// Returns so many hexadecimal digits.
inline std::string random_digits(std::size_t count) {
  std::random_device device;
  std::string digits;
  while (digits.size() < count) digits.push_back("0123456789abcdef"[device() % 16]);
  return digits;
}

}  // namespace anabranch::server
