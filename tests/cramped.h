// Limits so small that a short history meets all of them.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "regions/replica.h"
#include "tests/crdt/random.h"

namespace anabranch::test {

// A region that opens with a random origin, where one is needed, under random tiny limits. Clears
// of more than a few rows are large, in some regions all, in some none; snapshots go in pieces of
// some bytes, and are merged a row or so at a time. Clocks may differ as they like.
inline regions::ReplicaOptions cramped_options(Random& random, std::string region,
                                               bool new_origin) {
  constexpr std::size_t kRows[] = {0, 1, 3, 1000};
  const core::Origin origin = random.bits() | 1U;
  regions::ReplicaOptions options{.mesh = {1, 1},
                                  .region = std::move(region),
                                  .fresh_origin = origin,
                                  .nonce = origin,
                                  .new_origin = new_origin,
                                  .drift_ms_max = core::Millis{1} << 46};
  options.limits.own_clear_rows_direct = kRows[random.below(4)];
  options.limits.foreign_clear_rows_direct = kRows[random.below(4)];
  options.limits.clear_rows_counted_at_once = random.below(5);
  options.limits.sweep = {.changes = 1 + random.below(3), .looks = 1 + random.below(5)};
  options.limits.snapshots = {.slice_rows_max = 1 + random.below(3),
                              .chunk_bytes = 1 + random.below(200),
                              .window_bytes = 1 + random.below(400)};
  return options;
}

}  // namespace anabranch::test
