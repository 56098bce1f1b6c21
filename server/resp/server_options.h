// The options of the Redis port, and the bounds on the memory and work that its clients can cause.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/log.h>

#include "control/resp/parser.h"
#include "leader/threads/watchdog.h"
#include "server/file_limit.h"
#include "server/resp/socket/tls_context.h"

namespace anabranch::server {

using control::ParserLimits;

struct ServerOptions {
  // HOST:PORT; port 0 for any free one; empty: none. Without TLS only addresses of this machine,
  // unless `insecure`.
  std::string address = "127.0.0.1:6400";
  // The same for clients with TLS; other addresses than those of this machine if the default user
  // needs a password.
  std::string tls_address = {};
  TlsFiles tls = {};
  // The path of a socket, and its mode; empty: none.
  std::string socket_path = {};
  mode_t socket_mode = 0600;
  // Clients of other machines need no TLS, and no password.
  bool insecure = false;
  // The HTTP port of the leader, which asks this one for users and certificates: HOST:PORT or
  // unix:PATH; empty: none. Its clients need no TLS and no password if it is `http_insecure`.
  std::string http_address = {};
  bool http_tls = false;
  bool http_insecure = false;
  // The most bytes that all clients may hold, in answers and input; 0: no limit beside those below.
  std::size_t clients_bytes_max = 0;
  // A client that sends nothing for so long is closed; 0: never.
  std::chrono::seconds idle_time_max{0};
  // The name under which clients of Sentinel ask for the leader of this region; empty: SENTINEL is
  // refused.
  std::string sentinel_name = {};
  // The same as the first two, for clients that ask as they ask a Redis Sentinel, and may subscribe
  // to news of the leader; empty: none. Refused without a name.
  std::string sentinel_address = {};
  std::string sentinel_tls_address = {};
  // Whether the region is a Redis Cluster of one shard to its clients (redirection.h).
  bool redis_cluster = false;
  // The file of users; empty: none, and the default user may do everything without a password.
  std::string acl_file = {};
  // A client that has to log in and has not done so after this time is closed.
  std::chrono::milliseconds login_time_max{10'000};
  // The wait of the first wrong password of an address for a user; further ones wait longer
  // (failed_logins.h).
  std::chrono::milliseconds wrong_password_wait{50};
  // The data directory of the leader, whose control socket is served, too; empty: no socket.
  std::string control_directory = {};
  // When there are so many, strangers give way to further clients (crowd.h); where none does these
  // get an error and are closed.
  std::size_t clients_max = 10'000;
  // The same: the process has no descriptors for more. CONFIG SET may get it some more, beside
  // those that all others need.
  std::size_t clients_room = std::numeric_limits<std::size_t>::max();
  DescriptorNeeds descriptors = {};
  // The level of the log, as it was set.
  LogLevel log_level = LogLevel::kInfo;
  // Names and values of all settings of the program at its start, for CONFIG GET.
  std::vector<std::pair<std::string, std::string>> settings = {};
  // Of one request.
  ParserLimits parser = {};
  // The largest value that the store takes, for CONFIG GET.
  std::size_t value_bytes_max = std::size_t{32} << 20U;
  // While more bytes than this wait for a client that does not read, nothing is read from it.
  std::size_t output_pause_bytes = std::size_t{1} << 20U;
  // An answer that would make more bytes than this wait becomes an error; at least the first limit,
  // below which answers would wait for ever.
  static constexpr std::size_t kOutputBytesLeast = std::size_t{64} << 10U;
  std::size_t output_bytes_max = std::size_t{256} << 20U;
  // A client of MONITOR for which more bytes than this wait is closed.
  std::size_t monitor_output_bytes_max = std::size_t{1} << 20U;
  // The limit of unsent answers, over all clients: beyond it, a client that asks for more than its
  // share waits for others to read (output_room.h). Its command has not run then.
  std::size_t output_bytes_total = std::size_t{128} << 20U;
  // A client that has taken no byte of its answers for so long is closed if others wait for room.
  std::chrono::milliseconds output_stall{5'000};
  // The limit of received input that is not run yet, transactions between MULTI and EXEC included,
  // over all clients: two of the largest requests. Beyond it, the clients that hold the most are
  // closed.
  std::size_t input_bytes_total = std::size_t{256} << 20U;
  // Limits of one turn for all clients together: bytes read, time for commands, and bytes of
  // answers.
  std::size_t turn_input_bytes_max = std::size_t{16} << 20U;
  std::chrono::milliseconds turn_time_max{20};
  std::size_t turn_output_bytes_max = std::size_t{16} << 20U;
  // A command that runs as one transaction for longer than this is named in the log.
  std::chrono::milliseconds transaction_patience = leader::Watchdog::kTimeout;
  // A read is cut short after so long, to let others in, and continues later.
  std::chrono::milliseconds read_slice_max{2};
  // A long write ends a slice after so long, to let reads in.
  std::chrono::milliseconds write_slice_max{5};
  // Counts the processor time of strands (slices/strand.h), beside that of the loop's thread, and
  // the time that the loop waits for the leader (slices/leader_aside.h), in ns; null: nobody asks.
  std::shared_ptr<std::atomic<std::int64_t>> strand_time = {};
  // Limits of one client in one turn, so that no other waits long; the bytes are those of one read.
  std::size_t turn_commands_max = 1000;
  std::size_t turn_bytes_max = std::size_t{1} << 20U;
};

}  // namespace anabranch::server
