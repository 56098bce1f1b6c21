// A range of paths, visited in either direction by a scan.
#pragma once

#include <string>
#include <string_view>

#include "core/path.h"

namespace anabranch::core {

struct PathRange {
  std::string from;  // Inclusive: an encoded path or the beginning of one.
  std::string to;    // Exclusive; empty when there is no end.
  bool backwards = false;

  // Returns the range of a prefix and all paths below it.
  static PathRange below(const Path& prefix);

  // Returns whether the range can contain no path.
  [[nodiscard]] bool empty() const { return !to.empty() && from >= to; }
  [[nodiscard]] bool contains(const Path& path) const;
  // Return the bounds of the row keys (path.h) of the range: from the first one on, and before the
  // other one; empty is the end. Between them are all paths of the range, and perhaps others.
  [[nodiscard]] std::string_view from_key() const;
  [[nodiscard]] std::string to_key() const;
};

}  // namespace anabranch::core
