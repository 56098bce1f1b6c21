// Tells the oracle the intent of a batch, from the bytes that its leader committed.
#pragma once

#include <cstdint>
#include <string>

#include "core/version_vector.h"
#include "tests/oracle.h"

namespace anabranch::test {

// A large clear lists its tallies later, in resets. The effect on tallies is recorded either as
// those resets say, so that it can be asked for at any moment; or as the clear was meant, all at
// once.
enum class Recorded : std::uint8_t { kOps, kIntents };

// `deps` is the vector that the leader had applied just before; the bytes must be a batch.
void record_history(Oracle& oracle, const std::string& batch, core::VersionVector deps,
                    Recorded recorded = Recorded::kOps);

}  // namespace anabranch::test
