// The parts of an encoded path (path.h), for scans of many rows and for every change of one.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/path.h"

namespace anabranch::core {

// Ends each component of an encoding, and occurs nowhere else in it.
inline constexpr std::string_view kComponentEnd("\0\1", 2);

// Returns the offset behind the component that begins at `at`; npos when none ends behind that.
[[nodiscard]] std::size_t behind_component(std::string_view encoded, std::size_t at);

// Returns false for an encoding without this component of one byte, a tag, behind two others and
// before another one: for nearly all paths at the cost of a search for the byte.
[[nodiscard]] bool may_lead_through(std::string_view encoded, char component);

// Takes an encoding apart into strings that are used again. `encoded` is the encoding of a path, or
// the end of one behind some components.
void split_path(std::string_view encoded, Components& into);

}  // namespace anabranch::core
