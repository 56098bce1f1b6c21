// An encoded path (path.h) taken apart into strings that are used again, for scans of many rows.
#pragma once

#include <string_view>

#include "core/path.h"

namespace anabranch::core {

// `encoded` is the encoding of a path, or the end of one behind some components.
void split_path(std::string_view encoded, Components& into);

}  // namespace anabranch::core
