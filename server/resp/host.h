// The server around the commands, for the few commands that need more than their scope.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "leader/health/warnings.h"
#include "leader/leader.h"
#include "server/reopenings.h"
#include "server/resp/access/denial_log.h"
#include "server/resp/access/failed_logins.h"
#include "server/resp/access/users.h"
#include "server/resp/acts.h"
#include "server/resp/client.h"
#include "server/resp/concern/concerns.h"
#include "server/resp/members/subscribers.h"
#include "server/resp/monitors.h"
#include "server/resp/observe/observed.h"
#include "server/resp/random.h"
#include "server/resp/scan_cursors.h"
#include "server/resp/server_options.h"
#include "server/resp/watched_keys.h"
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
  std::uint64_t long_reads = 0;       // Commands read in slices.
  std::uint64_t held_back = 0;        // How often an answer found no room.
  std::uint64_t clients_cut = 0;      // Closed for not reading while other clients waited.
  std::uint64_t senders_cut = 0;      // Closed for holding the most input that was not run yet.
  std::uint64_t strangers_cut = 0;    // Closed for not saying in time who they are.
  std::uint64_t gave_way = 0;         // Closed for new ones, when there were as many as may be.
  std::uint64_t expelled = 0;         // Closed by CLIENT KILL, or since their user has changed.
  std::uint64_t idlers_cut = 0;       // Closed after idle_time_max.
  std::uint64_t clients_evicted = 0;  // Closed for clients_bytes_max.
};

// CLIENT PAUSE.
struct Pause {
  SteadyTime until = {};
  bool writes_only = false;
};

struct Host {
  leader::Leader& leader;
  ServerOptions& options;  // CONFIG SET changes some of them.
  std::string endpoint;    // HOST:PORT of the Redis port without TLS; empty: none.
  Users users;
  std::string tls_endpoint = {};  // The same with TLS.
  DenialLog denials = {};
  FailedLogins failed_logins{options.wrong_password_wait};
  Acts acts = {};
  // Parameters of Redis that change nothing here, as they were set; by their names in the table.
  std::map<std::string_view, std::int64_t> kept_parameters = {};
  SteadyTime started = steady_now();
  Statistics statistics = {};
  Observed observed = {};
  Monitors monitors{options};
  Subscribers subscribers{options};
  std::string run_id = random_digits(40);  // Of this start.
  std::mt19937_64 random{random_seed()};
  ScanCursors cursors{random_seed()};
  WatchedKeys watched{leader};
  Concerns concerns{leader};
  SteadyTime now = started;   // Read once for each request.
  std::string stopping = {};  // The address of the client that has asked for the end; or empty.
  std::map<std::uint64_t, Client*> clients = {};  // By id.
  Pause pause = {};
  bool follows = leader.follows();  // As of the last turn with the leader here.
  bool hands_over = false;  // The lead: writes wait. As of the last turn with the leader here.
  bool leaves = false;      // Writes wait, as the lead is to be handed over before a stop.
  bool chooses = false;     // It leads a region that chooses its leader. As of the last turn, too.
  bool parting = false;     // It was handed over just now: clients that write leave.
  std::uint64_t rights_version = 1;            // Grows whenever the users change.
  std::set<std::uint64_t> expelled = {};       // Clients to be closed at the end of the turn.
  const leader::Watchdog* watchdog = nullptr;  // Watches everything that runs as one transaction.
  std::size_t output_bytes = 0;                // Unsent answers.
  std::size_t input_bytes = 0;                 // Received, not run yet.
  std::size_t long_reads = 0;                  // In progress.
  std::size_t clients_held_back = 0;           // Waiting for room for an answer.
  // Of the leader, when it is closed for writes; null: it stays so.
  Reopenings* reopenings = nullptr;

  // The status of the leader, with the transactions that the watchdog of this server has counted,
  // and warnings about its concerns.
  [[nodiscard]] StoreStatus status() const {
    StoreStatus status = leader.status();
    status.long_transactions = watchdog->count();
    leader::warn_of_concerns(status, concerns.latched(), concerns.troubles());
    return status;
  }
  // Tells subscribers what has changed in the region, if it is time for it.
  void tell_subscribers() {
    const SteadyTime time = steady_now();
    if (subscribers.due(time)) subscribers.look(status(), time);
  }
  // Notes the counts of a turn that has ended, for rates.
  void note_rates() {
    observed.commands_rate.note(now, statistics.commands);
    observed.in_rate.note(now, statistics.bytes_in);
    observed.out_rate.note(now, statistics.bytes_out);
  }
};

}  // namespace anabranch::server
