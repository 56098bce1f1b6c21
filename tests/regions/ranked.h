// The members of a sorted set: as readers rank them, and as they must stand.
#pragma once

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rows/decider.h"
#include "rows/scores/ranking.h"

namespace anabranch::test {

// Returns the members as a reader finds them, after a check of their ranks.
inline std::vector<std::string> ranked(const rows::RowReader& rows, const rows::Decider& decider,
                                       const core::Path& sorted_set) {
  const rows::Ranking ranking(rows, decider, sorted_set);
  std::vector<std::string> members;
  ranking.scan({}, [&](const ScoredEntry& entry) {
    CHECK(ranking.rank({entry.member, entry.score}) == members.size());
    members.push_back(entry.member);
    return true;
  });
  CHECK(ranking.count(ScoreSpan{}) == members.size());
  CHECK(rows.count(sorted_set) == members.size());
  return members;
}

// Returns the same, sorted here by the scores that `score(path, row)` gives the rows.
template <typename Score>
std::vector<std::string> sorted(const rows::RowReader& rows, const core::Path& sorted_set,
                                const Score& score) {
  std::set<std::pair<double, std::string>> members;
  rows.scan(sorted_set, [&](const core::Path& path, const crdt::Row& row) {
    members.emplace(score(path, row), path.last());
    return true;
  });
  std::vector<std::string> names;
  for (const auto& [score_of_it, name] : members) names.push_back(name);
  return names;
}

}  // namespace anabranch::test
