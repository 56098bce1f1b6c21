// The change of a cell by an op, with notes for the conflict log.
#pragma once

#include "rows/conflicts/conflict_note.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Changes the cell at a path by an op, and notes what that does to concurrent values. The row's
// cell is copied only if it has several.
template <typename Function>
void edit_cell(Stage& stage, const CellChange& change, const Function& function) {
  stage.edit(change.path, [&](crdt::Row& row) {
    crdt::Cell before;
    if (row.cell.siblings.size() > 1) before = row.cell;
    function(row.cell);
    note_change(change, before, row.cell, stage.notes());
  });
}

}  // namespace anabranch::rows
