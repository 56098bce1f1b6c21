// The values that a reader gets to see, one for each row with a cell, decided as in production. The
// sums that belong to them are left out, and so are expiries: clocks hide keys, not rows.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/path.h"
#include "rows/row_reader.h"

namespace anabranch::test {

using ShownValues = std::map<core::Path, std::string>;

// Stands for a value that cannot be shown: a policy of a newer version would have to decide.
inline constexpr std::string_view kNotShown = "(not shown)";

// Returns whether rows of a path have a value that is shown: those of databases, but for expiries.
[[nodiscard]] bool has_shown_value(const core::Path& path);
// Returns all values of a state, by a process that was given the function three_way() alone.
[[nodiscard]] ShownValues shown_values(const rows::RowReader& rows);
// Returns a hash of them, equal where they are.
[[nodiscard]] core::Hash128 digest_of(const ShownValues& values);

}  // namespace anabranch::test
