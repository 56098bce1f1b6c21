// Which regions have what: how far a write has come.
#pragma once

#include <anabranch/session.h>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/replica.h"

namespace anabranch::leader {

// Who has everything up to `seen`, by what regions have shown, and whether that is enough. What a
// region beyond others has is known from its standing, which comes later than an ack and tells
// what is durable there. Fails with kInvalid when a region is named that nobody has heard of.
[[nodiscard]] core::Result<Reach> reach(const regions::Replica& replica,
                                        const core::VersionVector& seen, const Concern& concern);

}  // namespace anabranch::leader
