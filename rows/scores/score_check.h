// Whether the orders of scores are what follows from the rows: computed anew, in memory that does
// not grow with them.
#pragma once

#include <functional>
#include <string>

#include "rows/row_reader.h"
#include "rows/scores/scores.h"

namespace anabranch::rows {

// What has been looked at, and what is not as it should be, in words.
struct ScoreCheck {
  std::function<void(std::string)> wrong;
  // Told after each row and entry.
  std::function<void()> went_on = [] {};
  // By what scores are decided; where that is not known, members with several concurrent scores may
  // stand anywhere.
  const Scores* scores = nullptr;
  std::uint64_t seed = 0;
};

// Compares all orders that a reader has with its rows. Gives how many members stand in them.
std::uint64_t check_scores(const RowReader& rows, const ScoreCheck& check);

}  // namespace anabranch::rows
