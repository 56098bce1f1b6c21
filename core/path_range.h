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
  // Returns the first row key (path.h) of a walk in the direction of the range: a forward walk
  // begins at the first key at or after it, a backward walk at the last key before it; empty is the
  // end. Such a walk meets all paths of the range, and perhaps others.
  [[nodiscard]] std::string first_key() const;
  // Returns whether such a walk is beyond the range at a key, and so at all later keys.
  [[nodiscard]] bool is_beyond(std::string_view key) const;
};

}  // namespace anabranch::core
