// Variable-length integers (LEB128, as in protocol buffers and LevelDB) for hand-packed rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/number.h"

namespace anabranch::core {

void put_varint(std::string& out, std::uint64_t value);
// Appends a signed 128-bit integer, zigzag.
void put_varint128(std::string& out, Int128 value);
// Appends the length as a varint, and the bytes.
void put_bytes(std::string& out, std::string_view bytes);

// Each takes a value off the front of `in`; nullopt (and `in` in an unspecified state) when `in` is
// too short or a number is over-long. Returned bytes are views into the input.
std::optional<std::uint64_t> take_varint(std::string_view& in);
std::optional<Int128> take_varint128(std::string_view& in);
std::optional<std::string_view> take_bytes(std::string_view& in);

}  // namespace anabranch::core
