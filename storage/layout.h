// Every table and every form of key that is stored, in one place. docs/formats.md describes the
// values. Changing anything here changes the format number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dot.h"

namespace anabranch::storage {

// The format of the data directory as a whole. A directory of another format is refused.
inline constexpr std::uint64_t kFormat = 1;

enum class Table : std::uint8_t {
  kRows,    // row_key(path) -> row
  kCounts,  // encoded path of a collection or space -> number of what is shown in it (derived)
  kMeta,    // see the keys below
};
inline constexpr std::size_t kTableCount = 3;

// Keys have 1 to this many bytes, as LMDB is compiled everywhere.
inline constexpr std::size_t kKeySizeMax = 511;

// Numbers as keys are big-endian, so that their order is the order of the bytes.
std::string big_endian(std::uint64_t number);
std::uint64_t from_big_endian(std::string_view bytes);  // Exactly 8 bytes.

// Keys of the table meta: a name, or a letter and an origin.
inline constexpr std::string_view kIdentityKey =
    "identity";  // format, mesh, region, origin, previous, opening
inline constexpr std::string_view kOriginPrefix = "o";  // o<number> -> origin
inline constexpr std::string_view kHeadPrefix = "h";  // h<origin> -> seq, chain, deps, hlc, region
std::string origin_key(std::uint64_t number);
std::string head_key(core::Origin origin);

}  // namespace anabranch::storage
