// Tells the oracle what a batch was meant to do, from the bytes that its leader committed.
#pragma once

#include <string>

#include "core/version_vector.h"
#include "tests/oracle.h"

namespace anabranch::test {

// `deps` is what the leader had applied just before; the bytes must be a batch.
void record_history(Oracle& oracle, const std::string& batch, core::VersionVector deps);

}  // namespace anabranch::test
