// The layout of each type, and the shown rows: the one table for all code that must know a type.
// Counts, scans and reads all follow it, so they cannot disagree.
//
// The shape of paths (docs/semantics.md): [space, key, tag, ...]. A place that can hold a value, a
// key or a field of a map, holds it by tag:
//   [place s]                 kRow: a single row
//   [place e element]         kElements: a row for each element
//   [place h field tag ...]   kFields: each field is a place again
//   [place i id tag ...]      kItems: a row for each element, [place i id], that is also a place
// Rows further below an element (the new position of a moved element of a list, the deleted parts
// of a run of a text) are not shown by themselves; of their siblings the last one counts.
//
// Worked example: the cell at [\1 key E x] has the siblings "1" (inserted here) and "0" (erased
// there). `E` is a set in which false wins: the row is present and part of the digest, but not
// shown. At [\1 key f] the same siblings are a flag that is on.
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

enum class Layout : std::uint8_t { kRow, kElements, kFields, kItems };

// The rule between siblings: the policy of the key, or a rule of the type, whatever the policy.
enum class Rule : std::uint8_t { kPolicy, kTrueWins, kFalseWins, kLastWins };

struct TypeEntry {
  Type type;
  std::string_view name;
  Layout layout;
  Rule rule;

  // Of several types at one place the first in this table is shown.
  [[nodiscard]] std::string tag() const { return std::string(1, static_cast<char>(type)); }
  // Returns whether a row with the value false is hidden: a removed element.
  [[nodiscard]] bool hides_false() const {
    return layout == Layout::kElements && rule == Rule::kFalseWins;
  }
};

// In the order of precedence.
inline constexpr std::array<TypeEntry, 10> kTypes{{
    {Type::kString, "string", Layout::kRow, Rule::kPolicy},
    {Type::kEnableWinsFlag, "enable-wins-flag", Layout::kRow, Rule::kTrueWins},
    {Type::kDisableWinsFlag, "disable-wins-flag", Layout::kRow, Rule::kFalseWins},
    {Type::kSet, "set", Layout::kElements, Rule::kPolicy},
    {Type::kRemoveWinsSet, "remove-wins-set", Layout::kElements, Rule::kFalseWins},
    {Type::kMap, "hash", Layout::kFields, Rule::kPolicy},
    {Type::kSortedSet, "zset", Layout::kElements, Rule::kPolicy},
    {Type::kList, "list", Layout::kElements, Rule::kPolicy},
    {Type::kText, "text", Layout::kElements, Rule::kLastWins},
    {Type::kItemList, "item-list", Layout::kItems, Rule::kLastWins},
}};

// This value is false; every other value is true, and true is written as kTrue.
inline constexpr std::string_view kFalse = "0";
inline constexpr std::string_view kTrue = "1";

inline constexpr std::size_t kKeyDepth = 2;  // Index of the first tag in a path.

// Below this name in a list: the positions of moved elements. No element has it as its position.
inline constexpr std::string_view kMoved = "m";

// Returns the entry of a tag; null when there is none.
const TypeEntry* find_type(std::string_view tag);
// Returns the type of the row at these components; null for rows of other shapes and for those of
// space 0, the mesh's own.
const TypeEntry* type_at(const core::Components& row);

// Returns whether the row is shown.
[[nodiscard]] bool shows(const core::Path& path, const Row& row);
// Returns the value of a cell if the type decides; nullopt if the policy of the key does.
[[nodiscard]] std::optional<std::string> ruled(const core::Components& row, const Cell& cell);
[[nodiscard]] inline std::optional<std::string> ruled(const core::Path& path, const Cell& cell) {
  return ruled(path.components(), cell);
}

}  // namespace anabranch::crdt
