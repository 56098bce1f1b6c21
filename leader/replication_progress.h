// The reach of a write: the regions that have it.
#pragma once

#include <span>
#include <string>

#include <anabranch/session.h>

#include "core/result.h"
#include "core/version_vector.h"
#include "leader/members/holders.h"
#include "regions/replica.h"

namespace anabranch::leader {

// Returns the names of all regions. Fails on a peer that cannot be parsed.
[[nodiscard]] core::Result<RegionNames> region_names(const regions::Replica& replica,
                                                     std::span<const std::string> peers);

// Returns the regions that have everything up to `seen`, by their acks and reports, and whether
// they satisfy the concern. The report of a region, which arrives later than an ack, tells the
// ops that are durable there. A region that has another history of an origin does not have what
// was written here behind the place where they part. Fails with kInvalid if the concern names an
// unknown region. `peers` are those of the options: one that was never met lacks all.
[[nodiscard]] core::Result<ReplicationProgress> replication_progress(
    const regions::Replica& replica, std::span<const std::string> peers,
    const core::VersionVector& seen, const WriteConcern& concern);

}  // namespace anabranch::leader
