// How many keys of each database may expire, for INFO.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/storage.h"

namespace anabranch::leader {

// Of the databases 0 to 15.
using ExpiryCounts = std::array<std::uint64_t, 16>;

// Counts the deadlines that are stored. Exact up to kExpiriesCounted of them. Of more, as many are
// looked at, the next to expire, and the rest is taken to be distributed as these are: whoever asks
// must not wait for a million.
inline constexpr std::size_t kExpiriesCounted = 100'000;
ExpiryCounts count_expiries(const storage::Snapshot& snapshot);

}  // namespace anabranch::leader
