// Rows as text for people: one line with all that replicas must agree on, whatever bytes it
// contains.
#pragma once

#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/names.h"
#include "rows/policy/policy_rows.h"

namespace anabranch::rows {

// In double quotes, with bytes outside printable ASCII as \xNN; a long string is cut and followed
// by its size.
std::string quoted(std::string_view bytes);
// database 0 "balance" "s"
std::string path_text(const core::Path& path);
// The policy of database 0 "doc/" has the kind wasm9, unknown to this version: ...; for a policy of
// the kind kUnknown.
std::string unknown_policy_text(const PolicyRow& row);
// "hello" of eu (origin 00000000000000ab, op 17, 1700000000000 ms), ...; slots of tallies likewise.
std::string row_text(const crdt::Row& row, const Names& names);

}  // namespace anabranch::rows
