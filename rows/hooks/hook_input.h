// What a hook gets, a function between the siblings of a row: of the process (Options) or of a
// module. A plain struct of views; it follows from the rows of one state alone, so that every
// region with equal rows gives every hook the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/conflict.h>
#include <anabranch/key.h>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/policy/origin_regions.h"

namespace anabranch::rows {

// The fields mean what those of Conflict and Sibling do.
struct HookInput {
  struct Value {
    std::string_view value = {};
    std::optional<std::string_view> base = {};
    std::int64_t time_ms = 0;
    std::string_view region = {};
  };

  std::string_view key = {};
  std::vector<std::string_view> path = {};
  Type type = Type::kNone;
  std::string_view prefix = {};
  std::vector<Value> siblings = {};  // In canonical order.
};

// Returns the input for a cell at the path with these components. It refers to all arguments.
[[nodiscard]] HookInput hook_input(const core::Components& row, std::string_view prefix,
                                   const crdt::Cell& cell, const OriginRegions& regions);
// Returns a copy, for functions of the process.
[[nodiscard]] Conflict to_conflict(const HookInput& input);
// Returns the siblings of a cell in canonical order, as the public API shows them.
[[nodiscard]] std::vector<Sibling> public_siblings(const crdt::Cell& cell,
                                                   const OriginRegions& regions);

// Appends bytes that are equal for equal inputs and differ for others, without padding,
// little-endian:
//
//   input     count of siblings: u32, key, prefix, type: u32, count of path: u32, name ...,
//             sibling ...
//   sibling   time in ms: i64, region, base, value
//
// Strings are their size (u32; 0xffffffff where there is no base) and their bytes.
void append_hook_input(std::string& out, const HookInput& input);
// Returns their number.
[[nodiscard]] std::size_t hook_input_size(const HookInput& input);

}  // namespace anabranch::rows
