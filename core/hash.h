// The two hash functions: XXH3 where a collision gains an attacker nothing (checksums, digests),
// BLAKE2b where a peer chooses the input (the chain of batches, hashed paths).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::core {

// 128 bits; adds modulo 2^128, so that a digest over rows does not depend on their order.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
  Hash128& operator+=(const Hash128& other);
  Hash128& operator-=(const Hash128& other);
};

// Returns the XXH3 of `bytes`, for checksums of frames.
std::uint64_t checksum64(std::string_view bytes);
// Returns the XXH3 of `bytes` under a seed: without the seed no peer can choose bytes by their
// hash.
std::uint64_t seeded64(std::string_view bytes, std::uint64_t seed);
// Returns the 128-bit XXH3 of `bytes`, for digests of rows.
Hash128 digest128(std::string_view bytes);
// Returns 32 hexadecimal digits.
std::string to_string(const Hash128& hash);

// A link of the hash chain: 32 bytes of BLAKE2b. All zero before an origin's first batch.
using ChainHash = std::array<std::uint8_t, 32>;
// Returns the link of the batch `bytes`, covering the previous link that the batch itself contains.
ChainHash chain_hash(std::string_view bytes);

// Returns 32 bytes of BLAKE2b, for contents that are found by their hash: answers of hooks.
std::array<std::uint8_t, 32> content_hash(std::string_view bytes);

// Returns 16 bytes of BLAKE2b under a constant key of the format, for over-long paths and names.
std::array<std::uint8_t, 16> path_hash(std::string_view encoded_path);

}  // namespace anabranch::core
