// Members of sorted sets with their scores, and spans of scores.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace anabranch {

// The end from which the members of a sorted set are counted.
enum class RankFrom : std::uint8_t {
  kLowest,   // The member with the least score has the rank 0.
  kHighest,  // The one with the greatest score has it.
};

struct ScoredEntry {
  std::string member;  // As bytes.
  double score = 0;
};

// The members whose scores are between two bounds; all of them by default. An infinite bound is no
// bound, and a NaN bound makes the span empty.
struct ScoreSpan {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  // Excludes members with exactly the score `min`.
  bool below_max = false;  // Excludes members with exactly the score `max`.
  bool backwards = false;  // Greatest score first.
  std::uint64_t skip = 0;  // The number of members to leave out at the begin of that order.
};

}  // namespace anabranch
