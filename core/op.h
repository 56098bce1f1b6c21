// Ops: the five effects that travel. Each is about one row, `clear` about all rows below a prefix.
// tests/model/model.py is their executable specification.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/number.h"
#include "core/path.h"
#include "core/version_vector.h"

namespace anabranch::core {

// The part of one origin's slot that a reset had seen.
struct ObservedSlot {
  Origin origin = 0;
  Seq birth = 0;  // Names the frame.
  Seq seq = 0;    // The newest addition seen.
  Number total;   // The frame's total at `seq`.
  bool operator==(const ObservedSlot&) const = default;
};

// Replaces the siblings covered by the context in the cell at `path` by one value. `context` is
// present in the rows of requests, and where the author had read the several values of the cell
// (regions/read_cells.h); otherwise the context is all that the leader had applied.
struct Put {
  Path path;
  std::string value;
  std::optional<std::string> base;  // The value it replaced, where the policy keeps bases.
  std::optional<VersionVector> context;
  bool operator==(const Put&) const = default;
};

// Removes the siblings covered by the context from the cell at `path`.
struct Remove {
  Path path;
  std::optional<VersionVector> context;
  bool operator==(const Remove&) const = default;
};

// Sets the origin's slot at `path` to an absolute total in the frame `birth`, so that applying the
// op twice is harmless. `amount` is the number added, for watches and for writing the op again.
struct Add {
  Path path;
  Seq birth = 0;
  Number amount;
  Number total;
  bool operator==(const Add&) const = default;
};

// Rebases the observed slots at `path`: additions observed before the reset count no more.
struct Reset {
  Path path;
  std::vector<ObservedSlot> observed;
  bool operator==(const Reset&) const = default;
};

// Removes the siblings covered by the context from every cell at or below `prefix`, and rebases the
// tallies observed there.
struct Clear {
  struct Tally {
    Path path;
    std::vector<ObservedSlot> observed;
    bool operator==(const Tally&) const = default;
  };
  Path prefix;
  std::vector<Tally> tallies;
  bool operator==(const Clear&) const = default;
};

// An op written by a newer version: it has no effect here, counts in its origin's seq, and is
// forwarded.
struct UnknownOp {
  std::uint64_t kind = 0;
  bool operator==(const UnknownOp&) const = default;
};

using Op = std::variant<Put, Remove, Add, Reset, Clear, UnknownOp>;

// A contiguous run of ops of one origin, atomic everywhere. Op k (from 0) has the seq first + k.
struct Transaction {
  Seq first = 0;
  Hlc hlc;
  std::vector<Op> ops;

  [[nodiscard]] Seq last() const { return first + ops.size() - 1; }
  bool operator==(const Transaction&) const = default;
};

// What remains known of the transactions of a batch when they are applied.
struct Extent {
  Seq first = 0;
  Seq last = 0;
  Hlc hlc;  // Of the last transaction.
};

}  // namespace anabranch::core
