// How a replica scores the members of sorted sets, and the seed of their heights: besides the rows
// the only input of the order of scores.
#pragma once

#include <cstdint>

#include "rows/score_rules.h"

namespace anabranch::rows {

class Scores {
 public:
  // `seed` is a random number of the directory, so that a client cannot choose names that make the
  // order slow. The resolvers must outlive this object.
  Scores(const Resolvers& resolvers, std::uint64_t seed)
      : rules_(resolvers), policies_(resolvers.score_fingerprint()), seed_(seed) {}
  // The scores of a store without policies: `lww` decides.
  static const Scores& plain();

  // Returns the score of a row of a sorted set by the policies of a state.
  [[nodiscard]] double of(const core::Path& path, const crdt::Row& row,
                          const RowReader& state) const {
    return rules_.score(path, row, state);
  }
  // Returns the number of the rule for a sorted set in a state (ScoreRules).
  [[nodiscard]] std::uint64_t rule(const core::Path& sorted_set, const RowReader& state) const {
    return rules_.rule(sorted_set, state);
  }
  // The resolvers of the process, which decide between other values, too.
  [[nodiscard]] const Resolvers& resolvers() const { return rules_.resolvers(); }
  // Resolvers::score_fingerprint().
  [[nodiscard]] const core::Hash128& policies() const { return policies_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
  ScoreRules rules_;
  core::Hash128 policies_;
  std::uint64_t seed_;
};

}  // namespace anabranch::rows
