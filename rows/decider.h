// Decides between siblings: by the type; else by the policy in force for the key, in the state that
// is read (policy/policy_table.h); else, where no row rules, by the resolvers of the process
// (function_choice.h). Values are resolved on the way out; no stored bytes depend on it except the
// derived orders of scores, and the bases of later writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/conflict.h>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"
#include "rows/score_rules.h"

namespace anabranch::rows {

// Cheap to construct; used by the thread of its reader. All references must outlive it. The
// policies are asked for when there are siblings, and not before. Throws Error{kUnsupported} where
// a policy of a newer version decides between siblings, Error{kNoMemory} where a function had none,
// and Error{kCorrupt}.
class Decider {
 public:
  Decider(const RowReader& rows, const Resolvers& resolvers)
      : rows_(rows), resolvers_(resolvers), scores_(resolvers) {}

  // Returns the value that a row shows, without the tally; nullopt if the cell is empty.
  [[nodiscard]] std::optional<std::string> value(const core::Path& path,
                                                 const crdt::Cell& cell) const;
  // Returns whether value() can decide, be it for a lack of siblings: false where it would throw
  // Error{kUnsupported}.
  [[nodiscard]] bool can_decide(const core::Path& path, const crdt::Cell& cell) const;
  // Returns the score of a row of a sorted set: by ScoreRules.
  [[nodiscard]] double score(const core::Path& path, const crdt::Row& row) const;
  // Returns whether members that were ordered by a rule of ScoreRules stand as score() says; false
  // where it may throw.
  [[nodiscard]] bool are_ordered_by(std::uint64_t rule, const core::Path& sorted_set) const;
  // Returns the siblings of a cell in canonical order, with the regions that the rows name.
  [[nodiscard]] std::vector<anabranch::Sibling> siblings(const crdt::Cell& cell) const;

 private:
  // For a cell with several siblings, whose type does not decide.
  [[nodiscard]] std::string by_policy(const core::Path& path, const core::Components& parts,
                                      const crdt::Cell& cell) const;

  const RowReader& rows_;
  const Resolvers& resolvers_;
  ScoreRules scores_;
};

}  // namespace anabranch::rows
