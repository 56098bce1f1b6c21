// The result of comparing this leader's rows with a peer's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct Verdict {
  enum class State : std::uint8_t {
    kRunning,
    kEqual,        // At equal vectors: proven, row by row.
    kSame,         // Writes went on, so that the vectors were never equal; no difference lasted.
    kDifferent,    // Some rows differ.
    kBehind,       // Rows differ, but one side has not caught up, so that proves nothing.
    kSweeping,     // A large clear was still being swept, here or there.
    kUnreachable,  // The region is not connected to this leader.
    kSilent,       // The region does not answer.
  };
  // A row that differs, for people.
  struct Difference {
    std::size_t bucket = 0;
    std::string row;
    std::string here;
    std::string there;
  };

  std::string region;
  State state = State::kRunning;
  std::uint64_t rows = 0;       // Compared so far; here, where the numbers differ.
  core::VersionVector applied;  // The vector of the rows; here, where the vectors were not equal.
  core::Hash128 digest;         // Of the rows here, computed anew.
  std::uint64_t differing = 0;  // Rows that differ.
  std::vector<Difference> differences;  // The first of them.
  // The kept digest is not that of the rows: that leader's comparisons with all others are wrong.
  bool digest_wrong_here = false;
  bool digest_wrong_there = false;
};

}  // namespace anabranch::regions
