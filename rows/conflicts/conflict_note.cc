#include "rows/conflicts/conflict_note.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

namespace {

using core::Bug;
using core::planted;
using crdt::Cell;

bool has(const Cell& cell, core::Dot dot) {
  return std::ranges::binary_search(cell.siblings, dot, {}, &crdt::Sibling::dot);
}

std::optional<std::string> value_of(const Cell& cell, core::Dot dot) {
  const auto found = std::ranges::find(cell.siblings, dot, &crdt::Sibling::dot);
  if (found == cell.siblings.end()) return std::nullopt;
  return found->value;
}

bool differ(const std::vector<crdt::Sibling>& values) {
  return std::ranges::any_of(
      values, [&](const crdt::Sibling& each) { return each.value != values.front().value; });
}

}  // namespace

bool can_lose(const core::Path& path) {
  const crdt::TypeEntry* const type = crdt::type_at(path.components());
  return type != nullptr && type->rule != crdt::Rule::kLastWins;
}

void note_change(const CellChange& change, const Cell& before, const Cell& after,
                 ConflictNotes& notes) {
  if (before.siblings.size() < 2 && after.siblings.size() < 2) return;
  if (!can_lose(change.path)) return;
  ConflictNote note{.path = change.path, .by = change.dot, .by_time = change.hlc};
  if (!change.chosen) {
    for (const crdt::Sibling& each : before.siblings) {
      if (!has(after, each.dot)) note.values.push_back(each);
    }
    if (differ(note.values) && !planted(Bug::kForgetReplaced)) {
      note.kind = ConflictKind::kReplaced;
      notes.push_back(note);
      notes.back().put = value_of(after, change.dot);
    }
  }
  const bool is_new =
      has(after, change.dot) && !has(before, change.dot) && !planted(Bug::kForgetMeeting);
  if (!is_new || !differ(after.siblings)) return;
  note.kind = ConflictKind::kMet;
  note.values = after.siblings;
  notes.push_back(std::move(note));
}

void note_merge(const core::Path& path, const Cell& mine, const Cell& joined,
                ConflictNotes& notes) {
  if (joined.siblings.size() < 2 || !differ(joined.siblings)) return;
  const bool is_new = !std::ranges::all_of(
      joined.siblings, [&](const crdt::Sibling& each) { return has(mine, each.dot); });
  if (!is_new || !can_lose(path) || planted(Bug::kForgetMerged)) return;
  notes.push_back({.path = path, .values = joined.siblings});
}

}  // namespace anabranch::rows
