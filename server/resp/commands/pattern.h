// Patterns as KEYS and CONFIG GET take them.
#pragma once

#include <string_view>

namespace anabranch::server {

// Whether a text matches: `*` any bytes, `?` one, `[abc]`, `[^abc]` and `[a-z]` one of or none of a
// class, `\` takes the next byte as it is. Without recursion, at most |pattern| * |text| steps.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace anabranch::server
