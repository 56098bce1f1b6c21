// Policies as words, in commands and settings.
#pragma once

#include <cstdint>
#include <string_view>

#include <anabranch/policy.h>

#include "core/result.h"

namespace anabranch::control {

// The databases of SELECT: 0 to 15.
inline constexpr std::uint8_t kDatabases = 16;

// Parses a kind in any case: "max", "lww+base", "native:nearest" (the name of a function keeps its
// case), "wasm1:MODULE". Fails with the words that there are.
core::Result<Policy> parse_policy(std::string_view word);
// Parses the number of a database, 0 to 15.
core::Result<std::uint8_t> parse_database(std::string_view word);
// Parses "KIND DATABASE PREFIX", one blank between them. The prefix is all the rest; `""` or
// nothing for all keys.
core::Result<PrefixPolicy> parse_prefix_policy(std::string_view text);

}  // namespace anabranch::control
