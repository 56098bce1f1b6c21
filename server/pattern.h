// Patterns of names, as in shells and in Redis: of KEYS, CONFIG GET, and of the rights of users.
#pragma once

#include <cstddef>
#include <string_view>

namespace anabranch::server {

// A longer pattern of a client is refused, so that a match has a bound.
inline constexpr std::size_t kPatternBytesMax = 4096;

// Whether a text matches: `*` any bytes, `?` one, `[abc]`, `[^abc]` and `[a-z]` one byte in or not
// in a class, `\` the next byte literally. Without recursion. Takes a time that grows with
// |pattern| + |text|; where parts between two stars hold `?` or classes, with |part| / 64 * |text|.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace anabranch::server
