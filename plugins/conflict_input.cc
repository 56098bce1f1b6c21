#include "plugins/conflict_input.h"

#include <cstddef>

#include "core/assert.h"

namespace anabranch::plugins {
namespace {

constexpr std::uint32_t kAbsent = UINT32_MAX;

void put_number(std::string& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> 8U * i & 0xFFU));
}

void put_size(std::string& to, std::size_t size) {
  ANABRANCH_ASSERT(size < kAbsent);
  put_number(to, size, 4);
}

void put(std::string& to, std::string_view bytes) {
  put_size(to, bytes.size());
  to += bytes;
}

// Returns an upper bound of the bytes, so that they are allocated once.
std::size_t room_for(const ConflictInput& conflict) {
  constexpr std::size_t kNumbers = 24;
  std::size_t room = kNumbers + conflict.key.size() + conflict.prefix.size();
  for (const std::string_view part : conflict.parts) room += kNumbers + part.size();
  for (const SiblingInput& each : conflict.siblings) {
    room += kNumbers + each.region.size() + each.value.size() + each.base.value_or("").size();
  }
  return room;
}

}  // namespace

std::string encode(const ConflictInput& conflict) {
  std::string bytes;
  bytes.reserve(room_for(conflict));
  put_size(bytes, conflict.siblings.size());
  put(bytes, conflict.key);
  put(bytes, conflict.prefix);
  put_number(bytes, static_cast<std::uint8_t>(conflict.type), 4);
  put_size(bytes, conflict.parts.size());
  for (const std::string_view part : conflict.parts) put(bytes, part);
  for (const SiblingInput& each : conflict.siblings) {
    put_number(bytes, static_cast<std::uint64_t>(each.time_ms), 8);
    put(bytes, each.region);
    if (each.base) {
      put(bytes, *each.base);
    } else {
      put_number(bytes, kAbsent, 4);
    }
    put(bytes, each.value);
  }
  return bytes;
}

}  // namespace anabranch::plugins
