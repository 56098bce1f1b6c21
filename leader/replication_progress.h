// The reach of a write: the regions that have it.
#pragma once

#include <anabranch/session.h>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/replica.h"

namespace anabranch::leader {

// Returns the regions that have everything up to `seen`, by their acks and reports, and whether
// they satisfy the concern. The report of a region, which arrives later than an ack, tells the
// ops that are durable there. A region that has another history of an origin does not have what
// was written here behind the place where they part. Fails with kInvalid if the concern names an
// unknown region.
[[nodiscard]] core::Result<ReplicationProgress> replication_progress(
    const regions::Replica& replica, const core::VersionVector& seen, const WriteConcern& concern);

}  // namespace anabranch::leader
