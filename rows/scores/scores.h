// How a replica scores the members of sorted sets, and how high it lets them stand: what the order
// of scores follows from, besides the rows.
#pragma once

#include <cstdint>

#include "rows/decider.h"

namespace anabranch::rows {

class Scores {
 public:
  // `seed` is a random number of the directory, so that nobody can choose names whose order is
  // slow. The references must outlive this.
  Scores(const Names& names, const Resolvers& resolvers, std::uint64_t seed)
      : decider_(names, resolvers), policies_(resolvers.fingerprint()), seed_(seed) {}
  // Of a store without policies: `lww` decides.
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
