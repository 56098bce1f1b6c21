// What the types are made of, and what their rows show: the one table that everything asks which
// has to know a type. Counts, scans and reads all follow it, so they cannot disagree.
//
// The shape of paths (docs/semantics.md): [space, key, tag, ...]. A place that can hold a value, a
// key or a field of a map, holds it by tag:
//   [place s]                 kRow: a single row
//   [place e element]         kElements: a row for each element
//   [place h field tag ...]   kFields: each field is a place again
// Rows further below an element (where a list's was moved to, what of a text's is deleted) show
// nothing by themselves; of their siblings the last one counts.
//
// Worked example: the cell at [\1 key E x] has the siblings "1" (inserted here) and "0" (erased
// there). `E` is a set in which false wins: the row is there, its digest counts, but nothing is
// shown at it. At [\1 key f] the same siblings are a flag that is on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <anabranch/key.h>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

enum class Layout : std::uint8_t { kRow, kElements, kFields };

// What decides between siblings: the policy of the key, or the type itself, whatever the policy.
enum class Rule : std::uint8_t { kPolicy, kTrueWins, kFalseWins, kLastWins };

struct TypeEntry {
  Type type;
  std::string_view name;
  Layout layout;
  Rule rule;

  // Of several types at one place the shown one is the first in this table.
  [[nodiscard]] std::string tag() const { return std::string(1, static_cast<char>(type)); }
  // Whether a row that shows false shows nothing at all: an element that was removed.
  [[nodiscard]] bool hides_false() const {
    return layout == Layout::kElements && rule == Rule::kFalseWins;
  }
};

// In the order of precedence.
inline constexpr std::array<TypeEntry, 9> kTypes{{
    {Type::kString, "string", Layout::kRow, Rule::kPolicy},
    {Type::kEnableWinsFlag, "enable-wins-flag", Layout::kRow, Rule::kTrueWins},
    {Type::kDisableWinsFlag, "disable-wins-flag", Layout::kRow, Rule::kFalseWins},
    {Type::kSet, "set", Layout::kElements, Rule::kPolicy},
    {Type::kRemoveWinsSet, "remove-wins-set", Layout::kElements, Rule::kFalseWins},
    {Type::kMap, "hash", Layout::kFields, Rule::kPolicy},
    {Type::kSortedSet, "zset", Layout::kElements, Rule::kPolicy},
    {Type::kList, "list", Layout::kElements, Rule::kPolicy},
    {Type::kText, "text", Layout::kElements, Rule::kLastWins},
}};

// A false is this value; every other one is true, and is written as kTrue.
inline constexpr std::string_view kFalse = "0";
inline constexpr std::string_view kTrue = "1";

inline constexpr std::size_t kKeyDepth = 2;  // Where the first tag of a path stands.

// The entry of a tag; null when there is none.
const TypeEntry* find_type(std::string_view tag);
// The type to which a row at these components belongs; null for rows of other shapes and for those
// of space 0, which are the mesh's own.
const TypeEntry* type_at(const core::Components& row);

// Whether anything is shown at a row.
[[nodiscard]] bool shows(const core::Path& path, const Row& row);
// What a cell shows where the type itself decides; nothing where the policy of the key does.
[[nodiscard]] std::optional<std::string> ruled(const core::Path& path, const Cell& cell);

}  // namespace anabranch::crdt
