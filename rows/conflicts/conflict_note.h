// Notes of what a change of a cell did to concurrent values:
//
//   met       values came to stand beside each other that differ
//   replaced  an op removed two or more values that differ, and its author had not read them
//   put back  an op put a value of the conflict log back, and replaced these
//   hidden    the values of a row are not shown, since its key or field has another type as well
//   doomed    the values of a row will go with the deadline of the key, and its author had not seen
//             them, or theirs not the deadline
//
// A note has all values that met, and a later one may have them again; of those that were replaced
// it has the removed ones. Values that are equal byte for byte have not met. Pure functions: a note
// follows from the rows and the op alone. A cell that never has two values costs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::rows {

// The numbers are stored.
enum class ConflictKind : std::uint8_t {
  kMet = 1,
  kReplaced = 2,
  kPutBack = 3,
  kHidden = 4,
  kDoomed = 5
};

struct ConflictNote {
  ConflictKind kind = ConflictKind::kMet;
  core::Path path = {};    // Of the row.
  core::Dot by = {};       // The op; origin 0 for the merge of a snapshot.
  core::Hlc by_time = {};  // Zero for a merge.
  std::vector<crdt::Sibling> values = {};
  // The value that the op put in their place; a value equal to it is not lost. Not stored.
  std::optional<std::string> put = {};
  bool operator==(const ConflictNote&) const = default;
};

using ConflictNotes = std::vector<ConflictNote>;

// An op that changes a cell.
struct CellChange {
  const core::Path& path;
  core::Dot dot;
  core::Hlc hlc;
  bool chosen;  // Its author had read the values that it removes: it names them in its context.
};

// Returns whether concurrent values of a row can lose against each other: values of keys, fields,
// elements and scores can. Positions, texts, deadlines and the mesh's own rows cannot.
[[nodiscard]] bool can_lose(const core::Path& path);

// Adds the notes of an op. `before` may be left empty if the cell had fewer than two values.
void note_change(const CellChange& change, const crdt::Cell& before, const crdt::Cell& after,
                 ConflictNotes& notes);
// Adds the note of a merge that made `joined` of the own cell and that of a snapshot.
void note_merge(const core::Path& path, const crdt::Cell& mine, const crdt::Cell& joined,
                ConflictNotes& notes);

}  // namespace anabranch::rows
