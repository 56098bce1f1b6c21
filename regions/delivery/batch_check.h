// Checks that a batch refers only to ops that its leader can have seen. Decoding checks a batch
// alone; this check needs the batches before it.
#pragma once

#include "core/batch.h"
#include "core/version_vector.h"

namespace anabranch::regions {

// Returns whether every context and every observed slot in the batch lies within `deps`, the vector
// that its leader had applied of other origins, and its own earlier ops. A batch that breaks this
// rule would be applied differently by replicas with different vectors, and must not be applied by
// any.
bool refers_to_what_was_seen(const core::Batch& batch, const core::VersionVector& deps);

}  // namespace anabranch::regions
