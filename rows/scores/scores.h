// How a replica scores the members of sorted sets, and the seed of their heights: besides the rows
// the only input of the order of scores.
#pragma once

#include <cstdint>

#include "rows/decider.h"

namespace anabranch::rows {

class Scores {
 public:
  // `seed` is a random number of the directory, so that a client cannot choose names that make the
  // order slow. The references must outlive this object.
  Scores(const Names& names, const Resolvers& resolvers, std::uint64_t seed)
      : decider_(names, resolvers), policies_(resolvers.fingerprint()), seed_(seed) {}
  // The scores of a store without policies: `lww` decides.
  static const Scores& plain();

  [[nodiscard]] double of(const core::Path& path, const crdt::Row& row) const {
    return decider_.score(path, row);
  }
  // Resolvers::fingerprint().
  [[nodiscard]] const core::Hash128& policies() const { return policies_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
  Decider decider_;
  core::Hash128 policies_;
  std::uint64_t seed_;
};

}  // namespace anabranch::rows
