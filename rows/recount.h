// Counts of what is shown, computed anew from rows in path order, in memory that does not grow with
// them: what counts.h keeps must be the same.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/path.h"

namespace anabranch::rows {

class Recount {
 public:
  // Called once for each collection that shows anything, when its last row is behind.
  using Done = std::function<void(const core::Path& collection, std::uint64_t count)>;
  explicit Recount(Done done) : done_(std::move(done)) {}

  // The next row in which anything is shown.
  void add(const core::Path& row);
  // There are no more.
  void finish() { close(0); }

 private:
  struct Open {
    core::Path collection;
    std::string member;  // That was counted last.
    std::uint64_t count = 0;
  };
  void close(std::size_t depth);

  Done done_;
  std::vector<Open> open_;  // Each within the one before.
};

}  // namespace anabranch::rows
