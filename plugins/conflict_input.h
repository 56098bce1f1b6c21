// The input of a plugin: a conflict as bytes, all numbers little-endian.
//
//   u32 siblings, bytes key, bytes prefix, u32 type, u32 parts, bytes part...
//   and for each sibling: i64 time_ms, bytes region, bytes base, bytes value
//   bytes: u32 size, then so many; the size 0xffffffff is for bytes that are not there
//
// The layout belongs to the number in `anabranch_resolve_1` and never changes; the guest's reader
// is <anabranch/guest/resolver.h>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::plugins {

struct SiblingInput {
  std::string_view value;
  std::optional<std::string_view> base;  // The value that it replaced, where bases are kept.
  std::string_view region;               // Empty when the rows do not tell.
  std::int64_t time_ms = 0;              // By the clock of its leader: ms since 1970.
};

struct ConflictInput {
  std::string_view key;
  std::string_view prefix;              // Of the policy that named the plugin.
  char type = 's';                      // Of the value: a letter of anabranch::Type.
  std::vector<std::string_view> parts;  // Names below the key: fields of maps, then the element.
  std::vector<SiblingInput> siblings;   // In canonical order: `lww` shows the last one.
};

// Returns the bytes. No part may have 4 GiB.
std::string encode(const ConflictInput& conflict);

}  // namespace anabranch::plugins
