// The status of a leader: gathered from its replica, storage and transport.
#pragma once

#include <anabranch/options.h>
#include <anabranch/status.h>

#include "leader/health/lag.h"
#include "leader/link_log.h"
#include "regions/replica.h"
#include "rows/resolvers.h"
#include "transport/transport.h"

namespace anabranch::leader {

// All but the warnings. `now` is the steady time that the replica receives.
StoreStatus leader_status(const regions::Replica& replica, const Options& options,
                          const storage::Storage& storage, const transport::Transport& transport,
                          const LinkLog& link_log, const Lag& lag, const rows::Resolvers& resolvers,
                          core::Millis now);

}  // namespace anabranch::leader
