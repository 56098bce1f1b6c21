// Scores of members of sorted sets: what a row at [place z member] shows, as a number.
//
// A score is the number in the cell, once its siblings are resolved, plus the tally. Every row has
// one, whatever is in it, so that every region orders every member alike: a cell that holds no
// finite number (a hook may say anything) counts as 0, and a sum beyond the range of doubles stops
// at the end of that range. A score is never a NaN, an infinity or a negative zero.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// `resolved` is the value that the cell shows; nothing when it is empty.
double score(const std::optional<std::string>& resolved, const Tally& tally);

// Where a row stands in a sorted set.
struct Membership {
  core::Path sorted_set;  // [place z]
  std::string member;
};
// Nothing for rows of other types.
std::optional<Membership> membership(const core::Path& row);
// Whether the rows of a sorted set are what lies below a path, one component deeper.
[[nodiscard]] bool is_sorted_set(const core::Path& path);

}  // namespace anabranch::crdt
