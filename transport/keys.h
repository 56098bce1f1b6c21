// Keys: the identity of a region towards the others. Each region has a CURVE key, to encrypt its
// links and prove its identity, and an Ed25519 key, to sign its writes.
//
// A region keeps its secret keys in a file of its own and gives a line with the public keys to the
// other regions. Each region keeps the lines of all regions in a list:
//
//   # region  CURVE public  Ed25519 public  [not before  [not after]]
//   eu  8b3f...  42d0...
//   us  90aa...  c611...  2026-01-01  2027-01-01T12:00:00Z
//
// Keys are 64 hexadecimal digits; a date is the beginning of that day, UTC, and "-" is no bound. A
// region may have several keys, so that one can replace another. The present list decides which
// keys may connect; from its `not after` on a key opens no link, but its signatures stay valid.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace anabranch::transport {

using Key = std::array<std::uint8_t, 32>;
// Seconds since 1970, UTC.
using Seconds = std::int64_t;

// One line of the list.
struct KnownKey {
  std::string region;
  Key curve{};
  Key signing{};
  Seconds not_before = std::numeric_limits<Seconds>::min();
  Seconds not_after = std::numeric_limits<Seconds>::max();

  [[nodiscard]] bool valid_at(Seconds now) const { return not_before <= now && now < not_after; }
  bool operator==(const KnownKey&) const = default;
};

struct OwnKeys {
  std::string region;
  Key curve_public{};
  Key curve_secret{};
  Key signing_public{};
  Key signing_seed{};
  bool operator==(const OwnKeys&) const = default;
};

// All keys of a leader: its own and the known public ones.
struct Keys {
  OwnKeys own;
  std::vector<KnownKey> known;

  // Returns the line with this CURVE key, null when there is none.
  [[nodiscard]] const KnownKey* find(const Key& curve) const;
  // Returns the valid keys of a region, in the order of the list.
  [[nodiscard]] std::vector<Key> curve_keys(std::string_view region, Seconds now) const;
};

// Null where links have no keys.
using SharedKeys = std::shared_ptr<const Keys>;

// Returns whether the text is 1 to 64 letters, digits, '-', '_' or '.'.
bool is_region_name(std::string_view text);

// Returns new random keys.
OwnKeys make_keys(std::string region);
// Returns the keys of these secrets.
OwnKeys keys_of(std::string region, const Key& curve_secret, const Key& signing_seed);
// Returns the line for the other regions, without an end of line.
std::string public_line(const OwnKeys& keys);

// Returns 64 hexadecimal digits.
std::string to_hex(const Key& key);

// Encode and decode the file of secrets. Failures begin with "name:line: ".
std::string encode_own_keys(const OwnKeys& keys);
core::Result<OwnKeys> decode_own_keys(std::string_view text, std::string_view name);

// Decodes the list. Fails on the first malformed line, on a key that occurs twice, on more than
// kKeysPerRegionMax keys of one region or kKnownKeysMax in all.
inline constexpr std::size_t kKeysPerRegionMax = 8;
inline constexpr std::size_t kKnownKeysMax = 4096;
core::Result<std::vector<KnownKey>> decode_known_keys(std::string_view text, std::string_view name);

}  // namespace anabranch::transport
