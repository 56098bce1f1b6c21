// The rows of requests in the mesh's own space (docs/semantics.md, "Once"):
//
//   [0, "once", ID]           the request was executed; a sibling for each execution
//   [0, "once", ID, NUMBER]   the marks of the op with this number in the request, a varint
//
// They are ordinary rows: written by ordinary transactions, merged as all others.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/path.h"

namespace anabranch::rows {

// Returns the path above all rows of requests.
[[nodiscard]] const core::Path& requests_path();
// Returns the path of a request, above that of all its marks.
[[nodiscard]] core::Path request_path(std::string_view id);
[[nodiscard]] core::Path mark_path(const core::Path& request, std::size_t number);

// Encodes the value of an execution: []; newer versions may append.
[[nodiscard]] std::string encode_execution();

// Returns whether a row belongs to a request; and whether it is one with marks.
[[nodiscard]] bool is_of_request(const core::Path& path);
[[nodiscard]] bool is_mark(const core::Path& path);
// Returns the path of the request that a row belongs to.
[[nodiscard]] core::Path request_of(const core::Path& path);

}  // namespace anabranch::rows
