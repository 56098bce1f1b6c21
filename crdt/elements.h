// The elements of lists of containers on the way to a row. An element is in its list if and only if
// its member row, [place i position], shows something; all rows below it are inside the element.
//
// Worked example: [\1 todo i P h done s] is inside the element [\1 todo i P]. When that row is
// gone, the mark "done" is an orphan, whatever its cell holds: the erase of the element wins.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <anabranch/key.h>

#include "core/path_parts.h"

namespace anabranch::crdt {

// Whether there may be elements at a path or above it: nearly always not, at the cost of one
// search.
[[nodiscard]] inline bool may_have_elements(std::string_view encoded) {
  return core::may_lead_through(encoded, static_cast<char>(Type::kItemList));
}
// Returns the elements at a path or above it, outermost first, each as the size of its own encoded
// path, which begins `encoded`.
[[nodiscard]] std::vector<std::size_t> elements_on(std::string_view encoded);

}  // namespace anabranch::crdt
