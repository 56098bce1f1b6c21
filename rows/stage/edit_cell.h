// The change of a cell by an op, with notes for the conflict log.
#pragma once

#include <type_traits>
#include <utility>

#include "crdt/apply.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/stage/stage.h"

namespace anabranch::rows {

// Changes the cell at a path by an op, and notes what that does to concurrent values. The function
// returns the effect: of a change of function(cell), or, where the row before is needed to undo it,
// of function(before, after) with an empty `after`.
template <typename Function>
void edit_cell(Stage& stage, const CellChange& change, const Function& function) {
  const auto note = [&](const crdt::Cell& after, crdt::CellEffect&& effect) {
    const bool any = after.siblings.size() > 1 || effect.removed.size() > 1;
    if (any) note_change(change, std::move(effect), after, stage.notes());
  };
  stage.replace(change.path, [&](auto&& before) {
    if constexpr (std::is_const_v<std::remove_reference_t<decltype(before)>>) {
      crdt::Row row{{}, before.tally};
      note(row.cell, function(before.cell, row.cell));
      return row;
    } else {
      crdt::Row row = std::forward<decltype(before)>(before);
      note(row.cell, function(row.cell));
      return row;
    }
  });
}

}  // namespace anabranch::rows
