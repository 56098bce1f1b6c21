// A range of paths, visited in either direction: what a scan goes through.
#pragma once

#include <string>
#include <string_view>

#include "core/path.h"

namespace anabranch::core {

struct PathRange {
  std::string from;  // Encoded, or the beginning of an encoding: no path before it belongs here.
  std::string to;    // All paths are before it; empty when there is no end.
  bool backwards = false;

  // A prefix and all below it.
  static PathRange below(const Path& prefix);

  // Whether no path can belong here.
  [[nodiscard]] bool empty() const { return !to.empty() && from >= to; }
  [[nodiscard]] bool contains(const Path& path) const;
  // Where a walk over row keys (path.h) begins in the direction of the range: forwards at the first
  // key at or after this one, backwards at the last one before it, an empty one being the end. Such
  // a walk meets all paths of the range, and perhaps some beside.
  [[nodiscard]] std::string first_key() const;
  // Whether such a walk is beyond the range at a key, and so at all that follow.
  [[nodiscard]] bool is_beyond(std::string_view key) const;
};

}  // namespace anabranch::core
