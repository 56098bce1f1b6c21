#include "core/hash.h"

#include <sodium.h>
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // The functions of XXH3 use what the processor has.
#endif

#include "core/assert.h"
#include "core/dot.h"

namespace anabranch::core {
namespace {

// A constant of the format: another key makes every over-long path unreadable.
constexpr std::string_view kPathKey = "anabranch.path.1";
static_assert(kPathKey.size() >= crypto_generichash_KEYBYTES_MIN);

// Computes the BLAKE2b of `bytes`, with the size of `out`.
template <std::size_t kSize>
void blake2b(std::array<std::uint8_t, kSize>& out, std::string_view bytes, std::string_view key) {
  // Lets libsodium choose the implementation for this machine.
  static const bool ready = sodium_init() >= 0;
  ANABRANCH_ASSERT(ready);
  const auto* const key_bytes =
      key.empty() ? nullptr : reinterpret_cast<const unsigned char*>(key.data());
  const int failed = crypto_generichash(out.data(), out.size(),
                                        reinterpret_cast<const unsigned char*>(bytes.data()),
                                        bytes.size(), key_bytes, key.size());
  ANABRANCH_ASSERT(failed == 0);
}

}  // namespace

Hash128& Hash128::operator+=(const Hash128& other) {
  low += other.low;
  const std::uint64_t carry = low < other.low ? 1 : 0;
  high += other.high + carry;
  return *this;
}

Hash128& Hash128::operator-=(const Hash128& other) {
  const std::uint64_t borrow = low < other.low ? 1 : 0;
  low -= other.low;
  high -= other.high + borrow;
  return *this;
}

std::uint64_t checksum64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t seeded64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 digest128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string to_string(const Hash128& hash) { return to_string(hash.high) + to_string(hash.low); }

ChainHash chain_hash(std::string_view bytes) {
  ChainHash hash{};
  blake2b(hash, bytes, {});
  return hash;
}

std::array<std::uint8_t, 32> content_hash(std::string_view bytes) {
  std::array<std::uint8_t, 32> hash{};
  blake2b(hash, bytes, {});
  return hash;
}

std::array<std::uint8_t, 16> path_hash(std::string_view encoded_path) {
  std::array<std::uint8_t, 16> hash{};
  blake2b(hash, encoded_path, kPathKey);
  return hash;
}

}  // namespace anabranch::core
