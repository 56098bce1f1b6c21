// The number of a leadership of a region: each one is above all that its member knew.
#pragma once

#include <algorithm>
#include <cstdint>

namespace anabranch::regions {

// Cards and rows with greater ones are taken for none: nobody counts that far, and whoever forges
// one would end all counting.
constexpr std::uint64_t kReignMax = std::uint64_t{1} << 53U;

// A card with a reign that is so far beyond all that is known is not believed either: else one
// forged card takes all numbers that are left.
constexpr std::uint64_t kReignStepMax = 1'000'000;

[[nodiscard]] constexpr std::uint64_t next_reign(std::uint64_t known) {
  return std::min(known + 1, kReignMax);
}

}  // namespace anabranch::regions
