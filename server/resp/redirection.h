// A region as a Redis Cluster of one shard (redis_cluster): its leader has all slots, and its
// followers send clients there.
#pragma once

#include <optional>
#include <string>

#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {

// Returns the error that sends the client of a request to the leader, or says that none is known,
// in the form of Redis Cluster; nullopt where the request runs here: at a leader, for requests
// without keys, and for reads of a client that has sent READONLY. Not thread-safe.
[[nodiscard]] std::optional<std::string> redirection(const Host& host, const Client& client,
                                                     const Command& command, Arguments arguments);

}  // namespace anabranch::server
