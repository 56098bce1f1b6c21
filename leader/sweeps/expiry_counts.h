// The number of keys of each database that may expire, for INFO.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/storage.h"

namespace anabranch::leader {

// Of the databases 0 to 15.
using ExpiryCounts = std::array<std::uint64_t, 16>;

// Counts the stored deadlines. Exact up to kExpiriesCounted. Beyond that it reads that many, the
// next to expire, and assumes the same distribution for the rest: INFO must not wait for a million.
inline constexpr std::size_t kExpiriesCounted = 100'000;
ExpiryCounts count_expiries(const storage::Snapshot& snapshot);

}  // namespace anabranch::leader
