// Rows for people: one line that shows all that replicas must agree on, whatever bytes are in it.
#pragma once

#include <string>
#include <string_view>

#include "core/number.h"
#include "core/path.h"
#include "crdt/row.h"
#include "rows/names.h"

namespace anabranch::rows {

// All digits of an integer; a double with six behind the point.
std::string number_text(const core::Number& number);
// In double quotes, what is not printable ASCII as \xNN; cut, with its size told, when it is long.
std::string quoted(std::string_view bytes);
// database 0 "balance" "s"
std::string path_text(const core::Path& path);
// "hello" of eu (origin 00000000000000ab, op 17, 1700000000000 ms), ...; slots of tallies likewise.
std::string row_text(const crdt::Row& row, const Names& names);

}  // namespace anabranch::rows
