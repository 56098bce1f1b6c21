// Whether a batch keeps to what its leader can have seen. Decoding checks a batch alone; this needs
// what came before it.
#pragma once

#include "core/batch.h"
#include "core/version_vector.h"

namespace anabranch::regions {

// Whether every context and every observed slot in the batch lies within `deps`, all that its
// leader had applied of other origins, and its own earlier ops. One that does not would be applied
// differently by replicas that are differently far, and must not be applied by any.
bool refers_to_what_was_seen(const core::Batch& batch, const core::VersionVector& deps);

}  // namespace anabranch::regions
