// Patterns of names, as in shells and in Redis: of KEYS, CONFIG GET, and of the rights of users.
#pragma once

#include <string_view>

namespace anabranch::server {

// Whether a text matches: `*` any bytes, `?` one, `[abc]`, `[^abc]` and `[a-z]` one byte in or not
// in a class, `\` the next byte literally. Without recursion, at most |pattern| * |text| steps.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace anabranch::server
