#include "rows/conflicts/hidden_rows.h"

#include <algorithm>
#include <string>

#include "crdt/type_table.h"

namespace anabranch::rows {

namespace {

using crdt::TypeEntry;

bool shows_type(const RowReader& rows, const core::Path& place, const TypeEntry& type) {
  const core::Path at = place.child(type.tag());
  return type.layout == crdt::Layout::kRow ? rows.shows(at) : rows.count(at) > 0;
}

}  // namespace

void note_hidden_rows(const RowReader& rows, const core::Path& place, Type type,
                      const CellChange& change, ConflictNotes& notes) {
  const auto* const own = std::ranges::find(crdt::kTypes, type, &TypeEntry::type);
  const auto add = [&](const core::Path& path, const crdt::Row& row) {
    if (row.cell.siblings.empty()) return;
    notes.add({.kind = ConflictKind::kHidden,
               .path = path,
               .by = change.dot,
               .by_time = change.hlc,
               .values = noted_values(row.cell, change.dot)});
  };
  if (!notes.has_room()) return notes.drop();
  const bool is_hidden = std::any_of(crdt::kTypes.begin(), own, [&](const TypeEntry& before) {
    return shows_type(rows, place, before);
  });
  if (is_hidden) return add(change.path, rows.row(change.path));
  std::size_t left = kHiddenRowsMax;
  for (const auto* other = own + 1; other != crdt::kTypes.end() && left > 0; ++other) {
    rows.scan(place.child(other->tag()), [&](const core::Path& path, const crdt::Row& row) {
      if (crdt::shows(path, row)) add(path, row);
      return --left > 0;
    });
  }
}

}  // namespace anabranch::rows
