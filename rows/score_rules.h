// The rules by which members with several concurrent scores are scored: by the type; else by the
// policy in force for the key where that is `max` or `min`; by the last written under all other
// policies; and where no row rules, by the resolvers of the process.
//
// So no function that a row names runs for a score, and neither a missing function nor a policy of
// a newer version makes two orders of one set: what such a policy would show, readers refuse
// (decider.h).
#pragma once

#include <cstdint>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// Cheap to construct, thread-safe; the resolvers must outlive it.
class ScoreRules {
 public:
  explicit ScoreRules(const Resolvers& resolvers) : resolvers_(resolvers) {}

  // Returns the score of a row of a sorted set by the policies of a state, which is asked for them
  // when the row has siblings, and not before.
  [[nodiscard]] double score(const core::Path& path, const crdt::Row& row,
                             const RowReader& state) const;
  // Returns the number of the rule for a sorted set in a state: as long as it stays the same, and
  // so do the resolvers, equal siblings have equal scores. 0 where no row rules.
  [[nodiscard]] std::uint64_t rule(const core::Path& sorted_set, const RowReader& state) const;
  [[nodiscard]] const Resolvers& resolvers() const { return resolvers_; }

 private:
  const Resolvers& resolvers_;
};

}  // namespace anabranch::rows
