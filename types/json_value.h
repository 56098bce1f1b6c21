// JSON values of single rows, and the limits of all of them. For types/json.cc and json_writer.cc,
// since the header of nlohmann-json is large.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <anabranch/key.h>

#include <nlohmann/json.hpp>

namespace anabranch::types {

using Json = nlohmann::json;

inline constexpr std::size_t kJsonLevelsMax = 100;

// Throws Error{kInvalid} below kJsonLevelsMax.
void expect_level(const Key& key, std::size_t level);

// Returns the JSON of the bytes of a row or an element.
[[nodiscard]] Json to_value(std::string_view bytes);

// Returns whether the JSON is that of bytes: a string, number or boolean, or {"$base64": "..."}.
[[nodiscard]] bool is_value(const Json& json);
// Returns the bytes. `json` must be a value. Throws Error{kInvalid} for an integer beyond 64 bits,
// and for base64 that is none; names the key.
[[nodiscard]] std::string to_bytes(const Key& key, const Json& json);

}  // namespace anabranch::types
