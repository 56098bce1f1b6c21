// Computes the counts anew from rows in path order, in constant memory. The counts kept by counts.h
// must be equal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/path.h"
#include "rows/counts.h"

namespace anabranch::rows {

class Recount {
 public:
  // Called once for each collection that shows anything, after its last row.
  using Done = std::function<void(const core::Path& collection, std::uint64_t count)>;
  // `levels` as for counted_in().
  explicit Recount(Done done, std::size_t levels = kCountedDepth)
      : done_(std::move(done)), levels_(levels) {}

  // Adds the next row that shows anything.
  void add(const core::Path& row);
  // Ends the sequence of rows.
  void finish();

 private:
  struct Open {
    core::Path collection;
    std::string member;  // The member counted last.
    std::uint64_t count = 0;
  };
  void close_last();

  Done done_;
  std::size_t levels_;
  std::vector<Open> open_;  // Each is inside the one before.
};

}  // namespace anabranch::rows
