// The change of a cell by an op, with notes for the conflict log.
#pragma once

#include <utility>

#include "rows/conflicts/conflict_note.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Changes the cell at a path by an op, and notes what that does to concurrent values. The function
// changes the cell and returns the effect.
template <typename Function>
void edit_cell(Stage& stage, const CellChange& change, const Function& function) {
  stage.edit(change.path, [&](crdt::Row& row) {
    crdt::CellEffect effect = function(row.cell);
    note_change(change, std::move(effect), row.cell, stage.notes());
  });
}

}  // namespace anabranch::rows
