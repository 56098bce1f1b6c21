// Whether a row is inside an element that is not, or no longer, in its list of containers. Such
// rows are hidden from all readers; nothing else decides that than the rows of the same state.
#pragma once

#include <optional>

#include "core/path.h"
#include "crdt/elements.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// As gone_element(), where the path may lead through such a list.
[[nodiscard]] std::optional<core::Path> find_gone_element(const RowReader& rows,
                                                          const core::Path& path);

// Returns the outermost element, at a path or above it, that has no member row; nullopt where all
// have one, and nearly always: where the path leads through no such list. Costs a look at each
// element on the way.
[[nodiscard]] inline std::optional<core::Path> gone_element(const RowReader& rows,
                                                            const core::Path& path) {
  if (!crdt::may_have_elements(path.encoded())) return std::nullopt;
  return find_gone_element(rows, path);
}

}  // namespace anabranch::rows
