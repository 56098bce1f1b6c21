// Rows: the data stored at a path, a cell and a tally. Every type is a layout of rows.
//
// Cell: a multi-value register. A put removes the siblings that its context covers and adds its
// own; concurrent puts both stay. Tally: a counter. Each origin adds only to its own slot, in a
// frame named by the seq that opened it; a reset rebases exactly what it had observed.
//
// Invariants: 1. siblings are sorted by dot and slots by origin, each at most once; 2. a slot has
// birth <= seq, and base_seq is 0 or birth <= base_seq <= seq; 3. a slot with base_seq == seq is
// dead: it counts nothing and waits until its origin is known to have applied the reset; 4. no
// number is a NaN; 5. replicas that have applied the same ops hold equal rows, but for dead slots
// that one of them has dropped already.
// See docs/semantics.md and tests/model/model.py. Values; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/number.h"
#include "core/result.h"
#include "core/version_vector.h"

namespace anabranch::crdt {

struct Sibling {
  core::Dot dot;
  core::Hlc hlc;
  std::string value;
  std::optional<std::string> base;
  bool operator==(const Sibling&) const = default;
};

// The additions of one origin to a tally. All figures are in the frame named by `birth`.
struct Slot {
  core::Origin origin = 0;
  core::Seq birth = 0;     // Seq of the op that opened the frame.
  core::Seq seq = 0;       // Seq of the newest addition.
  core::Number total{};    // Sum of the frame's additions up to seq.
  core::Seq base_seq = 0;  // Newest addition that an applied reset had observed, 0 for none.
  core::Number base{};     // The total at base_seq.
  core::Dot reset{};       // The reset that set base_seq; of several, the smallest dot.

  [[nodiscard]] bool dead() const { return base_seq == seq; }
  [[nodiscard]] core::Number value() const { return total.minus(base); }
  bool operator==(const Slot&) const = default;
};

struct Cell {
  std::vector<Sibling> siblings;

  // Removes every sibling covered by `context`, and returns these in order. Costs the number of
  // origins in the cell and of the siblings behind a removed one, not that of all siblings.
  std::vector<Sibling> forget(const core::VersionVector& context);
  // Whether `context` covers any sibling.
  [[nodiscard]] bool any_in(const core::VersionVector& context) const;
  // Adds a sibling, and returns true; false if its dot is there.
  bool add(Sibling&& sibling);
  // Returns the sibling of an op, null if there is none.
  [[nodiscard]] const Sibling* find(core::Dot dot) const;
  bool operator==(const Cell&) const = default;
};

struct Tally {
  std::vector<Slot> slots;

  [[nodiscard]] const Slot* find(core::Origin origin) const;
  // Returns the origin's slot, made when absent.
  Slot& slot(core::Origin origin);
  // Returns whether any slot is live.
  [[nodiscard]] bool live() const;
  // Returns the sum of the live slots in canonical order.
  [[nodiscard]] core::Number sum() const;
  bool operator==(const Tally&) const = default;
};

struct Row {
  Cell cell;
  Tally tally;

  // Returns whether the row needs no storage: no sibling, no slot.
  [[nodiscard]] bool empty() const { return cell.siblings.empty() && tally.slots.empty(); }
  // Returns whether the row has a sibling or a live slot.
  [[nodiscard]] bool present() const { return !cell.siblings.empty() || tally.live(); }
  bool operator==(const Row&) const = default;
};

}  // namespace anabranch::crdt
