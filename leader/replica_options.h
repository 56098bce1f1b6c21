// The options of a leader's replica, by those of the store.
#pragma once

#include <anabranch/options.h>

#include "core/hash.h"
#include "leader/pace/machine.h"
#include "leader/policies.h"
#include "leader/region_keys.h"
#include "leader/replica_limits.h"
#include "leader/storage_options.h"
#include "regions/replica_options.h"
#include "rows/resolvers.h"

namespace anabranch::leader {

// The resolvers and keys must outlive the replica.
inline regions::ReplicaOptions replica_options(const Options& options, rows::Resolvers& resolvers,
                                               RegionKeys& keys) {
  return {.mesh = core::digest128(options.mesh),
          .region = options.region,
          .fresh_origin = random_number(),
          .nonce = random_number(),
          .new_origin = options.new_origin,
          .random_origin = random_number,
          .signatures = keys.signatures(),
          .resolvers = &resolvers,
          .proposals = proposals_of(options),
          .drift_ms_max = options.clock_drift_ms_max,
          .expiry_wait_ms = options.expiry_wait_ms_max,
          .follows = options.follower,
          .promote_after_ms = options.promote_after_ms,
          .listens = options.promote_after_ms > 0,
          .syncs_later = syncs_later(options.durability),
          .announce = true,
          .limits = replica_limits(options)};
}

}  // namespace anabranch::leader
