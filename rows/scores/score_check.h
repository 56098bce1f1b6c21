// Checks that the stored orders of scores follow from the rows: computes them anew, in constant
// memory.
#pragma once

#include <functional>
#include <string>

#include "rows/row_reader.h"
#include "rows/scores/scores.h"

namespace anabranch::rows {

// The options of a check, and the function that receives its findings.
struct ScoreCheck {
  std::function<void(std::string)> wrong;
  // Called after each row and entry.
  std::function<void()> went_on = [] {};
  // Decides the scores; if null, members with several concurrent scores may stand anywhere.
  const Scores* scores = nullptr;
  std::uint64_t seed = 0;
  // Whether orders of other rules are allowed, since they are to be found and made anew.
  bool reordering = false;
};

// Compares all orders of a reader with its rows. Returns the number of members in them.
std::uint64_t check_scores(const RowReader& rows, const ScoreCheck& check);

}  // namespace anabranch::rows
