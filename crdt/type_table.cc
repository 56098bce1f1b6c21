#include "crdt/type_table.h"

#include <algorithm>

#include "crdt/choice.h"
#include "crdt/expiry.h"

namespace anabranch::crdt {

namespace {

bool is_false(const Sibling& sibling) { return sibling.value == kFalse; }

// Returns whether a row is further below an element.
bool is_part(const core::Components& row) {
  if (row.empty() || row.front() == std::string(1, '\0')) return false;
  bool in_items = false;
  for (std::size_t at = kKeyDepth; at < row.size(); at += 2) {
    const TypeEntry* type = find_type(row[at]);
    if (type == nullptr) return in_items;  // The position of a moved element.
    in_items = type->layout == Layout::kItems;
    if (in_items || type->layout == Layout::kFields) continue;
    return type->layout == Layout::kElements && row.size() - at - 1 > 1;
  }
  return false;
}

std::optional<std::string> last_of(const Cell& cell) {
  if (cell.siblings.empty()) return std::nullopt;
  return last_written(cell).value;
}

}  // namespace

const TypeEntry* find_type(std::string_view tag) {
  if (tag.size() != 1) return nullptr;
  const auto* const found = std::ranges::find(kTypes, static_cast<Type>(tag[0]), &TypeEntry::type);
  return found == kTypes.end() ? nullptr : found;
}

const TypeEntry* type_at(const core::Components& row) {
  if (row.empty() || row.front() == std::string(1, '\0')) return nullptr;
  for (std::size_t at = kKeyDepth; at < row.size(); at += 2) {
    const TypeEntry* type = find_type(row[at]);
    if (type == nullptr) return nullptr;
    const std::size_t below = row.size() - at - 1;
    // The type in the field or element comes behind its name.
    if (type->layout == Layout::kFields || (type->layout == Layout::kItems && below > 1)) continue;
    return below == (type->layout == Layout::kRow ? 0U : 1U) ? type : nullptr;
  }
  return nullptr;
}

bool shows(const core::Path& path, const Row& row) {
  if (!row.present() || is_expiry(path)) return false;
  // Nearly no row has such a value, or many; the check avoids decoding the path.
  constexpr std::size_t kFew = 8;
  const auto& siblings = row.cell.siblings;
  const auto none_is_false = [&] { return std::ranges::none_of(siblings, is_false); };
  if (siblings.size() <= kFew && none_is_false()) return true;
  const TypeEntry* type = type_at(path.components());
  return type == nullptr || !type->hides_false() || none_is_false();
}

std::optional<std::string> ruled(const core::Components& row, const Cell& cell) {
  const TypeEntry* type = type_at(row);
  if (type == nullptr) return is_part(row) ? last_of(cell) : std::nullopt;
  if (type->rule == Rule::kPolicy) return std::nullopt;
  if (type->rule == Rule::kLastWins) return last_of(cell);
  const bool shown = type->rule == Rule::kTrueWins ? !std::ranges::all_of(cell.siblings, is_false)
                                                   : std::ranges::none_of(cell.siblings, is_false);
  return std::string(shown ? kTrue : kFalse);
}

}  // namespace anabranch::crdt
