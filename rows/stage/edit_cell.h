// The change of a cell by an op, with notes for the conflict log.
#pragma once

#include "rows/conflicts/conflict_note.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Changes the cell at a path by an op, and notes what that does to concurrent values. The function
// returns the cell after the op.
template <typename Function>
void edit_cell(Stage& stage, const CellChange& change, const Function& function) {
  stage.replace(change.path, [&](const crdt::Row& before) {
    crdt::Row row{function(before.cell), before.tally};
    note_change(change, before.cell, row.cell, stage.notes());
    return row;
  });
}

}  // namespace anabranch::rows
