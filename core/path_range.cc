#include "core/path_range.h"

namespace anabranch::core {

namespace {

// Returns the part of a key that is in path order: a hashed key keeps no more of its path.
std::string_view ordered(std::string_view key) { return key.substr(0, Path::kHashedPrefix); }

}  // namespace

PathRange PathRange::below(const Path& prefix) {
  return {std::string(prefix.encoded()), prefix_end(prefix.encoded())};
}

bool PathRange::contains(const Path& path) const {
  return path.encoded() >= from && (to.empty() || path.encoded() < to);
}

std::string_view PathRange::from_key() const { return ordered(from); }

std::string PathRange::to_key() const {
  if (to.size() <= Path::kHashedPrefix) return to;
  // Behind all keys that begin like `to`, since hashed keys are not in path order.
  return std::string(ordered(to)).append(Path::kDirectSizeMax - Path::kHashedPrefix + 1, '\xFF');
}

}  // namespace anabranch::core
