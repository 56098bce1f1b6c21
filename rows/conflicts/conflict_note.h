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
// it has the removed ones. Values that are equal byte for byte have not met. Of a cell with very
// many values a note has kValuesMax, and the one that came among them: each value came once.
// Pure functions: a note follows from the rows and the op alone. A cell that never has two values
// costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/path.h"
#include "crdt/apply.h"
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

// The notes of a commit. One op of a few bytes may note megabytes that were there, so there is a
// bound: what comes behind it is counted, and not kept. Not thread-safe.
class ConflictNotes {
 public:
  // As many bytes as the conflict log keeps, unless it is told otherwise.
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

  // Whether the bound is not reached. Otherwise a note need not be made: drop() counts it.
  [[nodiscard]] bool has_room() const { return bytes_ < kBytesMax; }
  void drop() { ++dropped_; }
  // Adds a note; without room counts it.
  void add(ConflictNote note);
  // Adds those of a later commit, or of another part of this one.
  void add(ConflictNotes&& others);
  // Takes the notes behind the first ones back; those that were counted stay counted.
  void truncate(std::size_t count);
  // Takes the notes back for which a function returns true.
  template <typename Function>
  void erase_if(const Function& function) {
    std::erase_if(notes_, [&](const ConflictNote& note) {
      const bool goes = function(note);
      if (goes) bytes_ -= bytes_of(note);
      return goes;
    });
  }

  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  [[nodiscard]] bool empty() const { return notes_.empty() && dropped_ == 0; }
  [[nodiscard]] std::size_t size() const { return notes_.size(); }
  [[nodiscard]] auto begin() const { return notes_.begin(); }
  [[nodiscard]] auto end() const { return notes_.end(); }
  [[nodiscard]] auto begin() { return notes_.begin(); }
  [[nodiscard]] auto end() { return notes_.end(); }
  [[nodiscard]] const ConflictNote& operator[](std::size_t at) const { return notes_[at]; }

 private:
  // About; each note and each value has some of its own beside the bytes.
  [[nodiscard]] static std::size_t bytes_of(const ConflictNote& note);

  std::vector<ConflictNote> notes_;
  std::size_t bytes_ = 0;
  std::size_t dropped_ = 0;
};

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

// The values of a cell that a note has at most, of those that met or are hidden.
inline constexpr std::size_t kValuesMax = 64;
// Returns the values of a cell for a note: if there are more than kValuesMax, the first ones, and
// that of the op.
[[nodiscard]] std::vector<crdt::Sibling> noted_values(const crdt::Cell& cell, core::Dot op);

// Adds the notes of an op that has had an effect, by which the cell is as `after`.
void note_change(const CellChange& change, crdt::CellEffect effect, const crdt::Cell& after,
                 ConflictNotes& notes);
// Adds the note of a merge that made `joined` of the own cell and that of a snapshot.
void note_merge(const core::Path& path, const crdt::Cell& mine, const crdt::Cell& joined,
                ConflictNotes& notes);

}  // namespace anabranch::rows
