// The part of a leader's rules between siblings that is in no row: its functions. Leaders tell it
// to each other, since where it differs they show different values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"

namespace anabranch::regions {

struct LocalRules {
  static constexpr std::size_t kAbsentMax = 64;
  static constexpr std::size_t kNameBytesMax = 64;  // Longer names are cut.

  // The fingerprint of its resolvers; nullopt if it has none.
  std::optional<core::Hash128> resolvers = {};
  // The names of functions that policies in force name and that it lacks: sorted, the first
  // kAbsentMax of them.
  std::vector<std::string> absent = {};
  bool operator==(const LocalRules&) const = default;
};

}  // namespace anabranch::regions
