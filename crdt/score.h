// Scores of members of sorted sets: the value of a row at [place z member] as a number.
//
// A score is the number in the cell, once its siblings are resolved, plus the tally. Every row has
// one, so that every region orders every member alike: a cell without a finite number (a hook may
// return any bytes) counts as 0, and a sum beyond the range of doubles stops at the end of that
// range. A score is never a NaN, an infinity or a negative zero.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// Returns the score. `resolved` is the value that the cell shows; nullopt when it is empty.
double score(const std::optional<std::string>& resolved, const Tally& tally);

// The place of a row in a sorted set.
struct Membership {
  core::Path sorted_set;  // [place z]
  std::string member;
};
// Returns the membership of a row; nullopt for rows of other types.
std::optional<Membership> membership(const core::Path& row);
// Returns whether the path is that of a sorted set, with its rows one component deeper.
[[nodiscard]] bool is_sorted_set(const core::Path& path);

}  // namespace anabranch::crdt
