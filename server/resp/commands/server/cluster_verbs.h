// CLUSTER: the members of this region, as a Redis Cluster of one shard.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> cluster_verbs();

}  // namespace anabranch::server
