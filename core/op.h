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

// What a reset had seen of one origin's slot.
struct ObservedSlot {
  Origin origin = 0;
  Seq birth = 0;  // Names the frame.
  Seq seq = 0;    // The newest addition seen.
  Number total;   // The frame's total at `seq`.
  bool operator==(const ObservedSlot&) const = default;
};

// Replaces what the context covers in the cell at `path` by one value. `context` is present only
// when a client brought the one of an older read; otherwise it is all that the leader had applied.
struct Put {
  Path path;
  std::string value;
  std::optional<std::string> base;  // The value it replaced, where the policy keeps bases.
  std::optional<VersionVector> context;
  bool operator==(const Put&) const = default;
};

// Removes what the context covers from the cell at `path`.
struct Remove {
  Path path;
  std::optional<VersionVector> context;
  bool operator==(const Remove&) const = default;
};

// Sets the origin's slot at `path` to an absolute total in the frame `birth`, so that applying it
// twice is harmless. `amount` is what was added, for watches and for re-issuing.
struct Add {
  Path path;
  Seq birth = 0;
  Number amount;
  Number total;
  bool operator==(const Add&) const = default;
};

// Rebases the observed slots at `path`: what they had counted counts no more.
struct Reset {
  Path path;
  std::vector<ObservedSlot> observed;
  bool operator==(const Reset&) const = default;
};

// Removes what the context covers from every cell at or below `prefix`, and rebases the tallies
// that were observed there.
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

// An op that a newer version wrote: applied as nothing, counted in its origin's seq, forwarded.
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

}  // namespace anabranch::core
