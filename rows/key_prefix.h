// Prefixes of encoded paths that end within a component.
#pragma once

#include <string>
#include <string_view>

namespace anabranch::rows {

// Returns the common prefix of the encodings of all paths whose next component, behind those of
// `above`, begins with `beginning`. `above` is an encoded path. No other path has this
// prefix, but for `above` itself when `beginning` is empty.
[[nodiscard]] std::string prefix_of_paths(std::string_view above, std::string_view beginning);

}  // namespace anabranch::rows
