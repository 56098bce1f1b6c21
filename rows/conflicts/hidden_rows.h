// Notes of rows that are hidden by another type at their key, or at their field of a map.
#pragma once

#include <cstddef>

#include <anabranch/key.h>

#include "core/path.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// So many rows of a hidden collection are noted, in the order of their paths.
inline constexpr std::size_t kHiddenRowsMax = 1000;

// An op has brought a type to a place that has another one, by its first row there. Notes that row
// if it is hidden, and otherwise the rows that it hides.
void note_hidden_rows(const RowReader& rows, const core::Path& place, Type type,
                      const CellChange& change, ConflictNotes& notes);

}  // namespace anabranch::rows
