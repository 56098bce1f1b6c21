// Whether a row is inside an element that is not, or no longer, in its list of containers. Such
// rows are hidden from all readers; nothing else decides that than the rows of the same state.
#pragma once

#include <optional>

#include "core/path.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// Returns the outermost element, at a path or above it, that has no member row; nullopt where all
// have one, and nearly always: where the path leads through no such list. Costs a look at each
// element on the way.
[[nodiscard]] std::optional<core::Path> gone_element(const RowReader& rows, const core::Path& path);

}  // namespace anabranch::rows
