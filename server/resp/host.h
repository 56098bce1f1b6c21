// The server around the commands: what those few need that look beyond their scope.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "leader/leader.h"
#include "server/resp/client.h"
#include "server/resp/server_options.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// Counted since the start, or since CONFIG RESETSTAT.
struct Statistics {
  std::uint64_t connections = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t commands = 0;
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t long_reads = 0;   // Commands that were read in slices.
  std::uint64_t held_back = 0;    // Times that an answer found no room.
  std::uint64_t clients_cut = 0;  // Closed, since they did not read while others waited.
  std::uint64_t senders_cut = 0;  // Closed, since they held most of what was not run yet.
};

struct Host {
  leader::Leader& leader;
  const ServerOptions& options;
  std::string endpoint;  // HOST:PORT of the Redis port.
  SteadyTime started = steady_now();
  Statistics statistics = {};
  std::map<std::uint64_t, const Client*> clients = {};  // By id.
  const leader::Watchdog* watchdog = nullptr;           // Over what runs as one transaction.
  std::size_t output_bytes = 0;                         // Of answers that wait to be sent.
  std::size_t input_bytes = 0;                          // That have come and are not run yet.
  std::size_t long_reads = 0;                           // That are under way.
  std::size_t clients_held_back = 0;                    // That wait for room for an answer.
};

}  // namespace anabranch::server
