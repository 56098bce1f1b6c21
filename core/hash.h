// The two hash functions: XXH3 where nobody can gain from a collision (checksums, digests), BLAKE2b
// where a peer chooses the input (the chain of batches, hashed paths).
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

// XXH3, for checksums of frames.
std::uint64_t checksum64(std::string_view bytes);
// XXH3 under a seed: whoever does not know it cannot choose bytes by their hash.
std::uint64_t seeded64(std::string_view bytes, std::uint64_t seed);
// XXH3, for digests of rows.
Hash128 digest128(std::string_view bytes);
// 32 hexadecimal digits.
std::string to_string(const Hash128& hash);

// A link of the hash chain: 32 bytes of BLAKE2b. All zero before an origin's first batch.
using ChainHash = std::array<std::uint8_t, 32>;
// The link after `previous` when the batch `bytes` (which itself carries `previous`) is added.
ChainHash chain_hash(std::string_view bytes);

// 16 bytes of BLAKE2b under a constant key of the format, for over-long paths and names.
std::array<std::uint8_t, 16> path_hash(std::string_view encoded_path);

}  // namespace anabranch::core
