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

bool differ(const std::vector<crdt::Sibling>& values) {
  return std::ranges::any_of(
      values, [&](const crdt::Sibling& each) { return each.value != values.front().value; });
}

}  // namespace

bool can_lose(const core::Path& path) {
  const crdt::TypeEntry* const type = crdt::type_at(path.components());
  return type != nullptr && type->rule != crdt::Rule::kLastWins;
}

std::size_t ConflictNotes::bytes_of(const ConflictNote& note) {
  std::size_t bytes = sizeof(note) + note.path.encoded().size();
  for (const crdt::Sibling& each : note.values) {
    bytes += sizeof(each) + each.value.size() + (each.base ? each.base->size() : 0);
  }
  return bytes;
}

void ConflictNotes::add(ConflictNote note) {
  if (!has_room()) return drop();
  bytes_ += bytes_of(note);
  notes_.push_back(std::move(note));
}

void ConflictNotes::add(ConflictNotes&& others) {
  dropped_ += others.dropped_;
  for (ConflictNote& each : others.notes_) add(std::move(each));
  others = {};
}

void ConflictNotes::truncate(std::size_t count) {
  while (notes_.size() > count) {
    bytes_ -= bytes_of(notes_.back());
    notes_.pop_back();
  }
}

std::vector<crdt::Sibling> noted_values(const Cell& cell, core::Dot op) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(cell.siblings.size(), kValuesMax));
  std::vector<crdt::Sibling> values(cell.siblings.begin(), cell.siblings.begin() + count);
  const crdt::Sibling* const own = cell.find(op);
  if (own != nullptr && std::ranges::find(values, op, &crdt::Sibling::dot) == values.end())
    values.back() = *own;
  return values;
}

void note_change(const CellChange& change, crdt::CellEffect effect, const Cell& after,
                 ConflictNotes& notes) {
  if (effect.removed.size() < 2 && after.siblings.size() < 2) return;
  if (!can_lose(change.path)) return;
  if (!notes.has_room()) return notes.drop();
  if (!change.chosen && differ(effect.removed) && !planted(Bug::kForgetReplaced)) {
    const crdt::Sibling* const put = after.find(change.dot);
    notes.add({.kind = ConflictKind::kReplaced,
               .path = change.path,
               .by = change.dot,
               .by_time = change.hlc,
               .values = std::move(effect.removed),
               .put = put == nullptr ? std::nullopt : std::optional(put->value)});
  }
  if (!effect.added || after.siblings.size() < 2 || planted(Bug::kForgetMeeting)) return;
  std::vector<crdt::Sibling> values = noted_values(after, change.dot);
  if (!differ(values)) return;
  notes.add(
      {.path = change.path, .by = change.dot, .by_time = change.hlc, .values = std::move(values)});
}

void note_merge(const core::Path& path, const Cell& mine, const Cell& joined,
                ConflictNotes& notes) {
  if (joined.siblings.size() < 2 || !differ(joined.siblings)) return;
  const bool is_new = !std::ranges::all_of(
      joined.siblings, [&](const crdt::Sibling& each) { return mine.find(each.dot) != nullptr; });
  if (!is_new || !can_lose(path) || planted(Bug::kForgetMerged)) return;
  notes.add({.path = path, .values = joined.siblings});
}

}  // namespace anabranch::rows
