// Holes of a log: positions that no record has, before one that has a record or before the end. An
// opening of an earlier version leaves one in place of what the log has lost, and a restoration one
// in place of a damaged record. Whether batches are missing there, their seqs tell.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "storage/storage.h"

namespace anabranch::storage {

struct LogHole {
  Position first = 0;
  Position last = 0;
  auto operator<=>(const LogHole&) const = default;
};

// "nothing at position 7", "nothing at positions 7 to 9".
inline std::string to_string(const LogHole& hole) {
  const std::string first = std::to_string(hole.first);
  if (hole.first == hole.last) return "nothing at position " + first;
  return "nothing at positions " + first + " to " + std::to_string(hole.last);
}

// Finds the holes behind the first record of a log. A value type.
class HoleFinder {
 public:
  // Goes on to the next record. Returns the hole between it and the one before; nullopt when there
  // is none.
  std::optional<LogHole> next(Position position) {
    auto hole = end(position - 1);
    next_ = position + 1;
    return hole;
  }
  // Returns the hole between the last record and the end of the log, the last position given.
  [[nodiscard]] std::optional<LogHole> end(Position last) const {
    if (next_ == 0 || last < next_) return std::nullopt;
    return LogHole{next_, last};
  }

 private:
  Position next_ = 0;  // Behind the last record; 0: there was none.
};

}  // namespace anabranch::storage
