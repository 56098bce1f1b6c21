// Members of sorted sets as a scope knows them, and which of them are meant.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace anabranch {

struct ScoredEntry {
  std::string member;  // As bytes.
  double score = 0;
};

// The members whose scores are between two bounds, all of them by default. Infinite bounds are no
// bounds, and a bound that is no number makes the span empty.
struct ScoreSpan {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  // Without those that have exactly the score `min`.
  bool below_max = false;  // Without those that have exactly the score `max`.
  bool backwards = false;  // The greatest one first.
  std::uint64_t skip = 0;  // So many of them are left out, in the order in which they come.
};

}  // namespace anabranch
