// `anabranch serve`: leads a region until it is stopped.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "core/log.h"
#include "http/port.h"
#include "leader/leader.h"
#include "regions/startup.h"
#include "server/cli/client.h"
#include "server/cli/command.h"
#include "server/cli/config/configure.h"
#include "server/cli/faults.h"
#include "server/cli/wanted_file.h"
#include "server/config.h"
#include "server/config_doubts.h"
#include "server/file_limit.h"
#include "server/resp/server.h"
#include "server/service/journal.h"
#include "server/service/json_lines.h"
#include "server/service/manager.h"
#include "server/steady_clock.h"
#include "storage/damage.h"
#include "storage/directory_lock.h"

namespace anabranch::server::cli {
namespace {

using core::Result;

constexpr Argument kNewOrigin{"--new-origin", Argument::Kind::kSwitch, "",
                              "begin a new incarnation, after a backup was put back"};

constexpr Argument kAcceptLostLog{"--accept-lost-log", Argument::Kind::kValue, "ORIGIN",
                                  "go on without what the log has lost, as a refusal has said"};

Result<Config> configure_leader(const Arguments& arguments) {
  Result<Config> config = configure(arguments);
  if (!config.ok()) return config;
  config.value().store.new_origin = arguments.has(kNewOrigin.name);
  config.value().store.accept_lost_log = arguments.text(kAcceptLostLog.name);
  const Result<void> complete = check_complete(config.value());
  if (!complete.ok()) return complete.failure();
  return config;
}

// The server that SIGINT and SIGTERM stop, and that SIGHUP makes reload its keys. Few functions are
// safe in a handler; these functions of Server are.
std::atomic<Server*> server_to_stop{nullptr};
// Whether it was told to stop, and whether again: then what only the log has stays there.
std::atomic<bool> stopping{false};
std::atomic<bool> flush_given_up{false};

void stop_server(int) {
  Server* const server = server_to_stop.load();
  if (stopping.exchange(true) || server == nullptr) flush_given_up = true;
  if (server != nullptr) server->stop();
}

void reload_keys(int) {
  Server* const server = server_to_stop.load();
  if (server != nullptr) server->reload_keys();
}

void obey_signals(Server& server) {
  server_to_stop = &server;
  struct sigaction action {};
  action.sa_handler = stop_server;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = reload_keys;
  sigaction(SIGHUP, &action, nullptr);
}

// A manager that does not listen is no reason not to serve.
void tell(const std::string& region, std::string_view state) {
  const Result<void> told = tell_manager(std::getenv("NOTIFY_SOCKET"), state);
  if (!told.ok()) core::log_warning(region, told.failure().message);
}

// The HTTP port, if there is to be one. Whether it may listen at its address the server has
// checked.
Result<std::unique_ptr<http::Port>> open_http(const Config& config, const Server& server) {
  if (config.http.empty()) return std::unique_ptr<http::Port>();
  try {
    return std::make_unique<http::Port>(
        http::PortOptions{.http = {.directory = config.store.path,
                                   .address = config.http,
                                   .ready_lag_ms = config.http_ready_lag_ms},
                          .anywhere = true,
                          .hosts = config.http_hosts,
                          .certificates = server.http_certificates(),
                          .gate = server.http_gate()});
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
}

void say_ready(const leader::Leader& leader, const Server& server, const http::Port* http) {
  const StoreStatus status = leader.status();
  const std::string listens = status.endpoint.empty() ? "nowhere" : status.endpoint;
  const auto named = [](const std::string& endpoint) {
    return endpoint.empty() ? std::string("nowhere") : endpoint;
  };
  std::string redis = "redis on " + named(server.endpoint());
  if (!server.tls_endpoint().empty()) redis += ", with TLS on " + server.tls_endpoint();
  if (http != nullptr) redis += ", http on " + http->name();
  core::log_info(status.region,
                 "ready: origin " + status.origin + ", listens on " + listens + ", " + redis);
  tell(status.region,
       "READY=1\nSTATUS=region " + status.region + ", " + redis + ", listens on " + listens);
}

DescriptorNeeds needs_of(const Config& config) {
  const bool has_port =
      !config.redis.empty() || !config.redis_tls.empty() || !config.redis_socket.empty();
  return {.dialled = config.store.peers.size(),
          .peer_port = !config.store.listen.empty(),
          .http_port = !config.http.empty(),
          .clients = has_port ? config.clients_max : 0};
}

Result<std::unique_ptr<Server>> open_server(leader::Leader& leader, const Config& config,
                                            const DescriptorShares& shares) {
  ServerOptions options;
  options.address = config.redis;
  options.sentinel_name = config.sentinel_name;
  options.redis_cluster = config.redis_cluster;
  options.acl_file = config.acl_file;
  options.tls_address = config.redis_tls;
  options.tls = tls_files(config);
  options.socket_path = config.redis_socket;
  options.socket_mode = config.redis_socket_mode;
  options.insecure = config.redis_insecure;
  options.http_address = config.http;
  options.http_tls = config.http_tls;
  options.http_insecure = config.http_insecure;
  options.clients_max = config.clients_max;
  options.clients_room = shares.clients;
  options.descriptors = needs_of(config);
  options.clients_bytes_max = config.clients_bytes_max;
  options.idle_time_max =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(config.idle_ms_max));
  if (config.store.control) options.control_directory = config.store.path;
  options.value_bytes_max = config.store.value_bytes_max;
  options.output_bytes_total = config.output_bytes_total;
  options.output_bytes_max = config.output_bytes_max;
  options.monitor_output_bytes_max = config.monitor_output_bytes_max;
  options.output_stall = std::chrono::milliseconds(config.output_stall_ms);
  options.log_level = config.log_level;
  options.settings = settings_in(config);
  return Server::open(leader, std::move(options));
}

// Says why the leader does not start: on standard error, for programs as a line of the log. Only
// what another start may find mended, such as a port in use, is no mistake in the configuration.
ExitCode give_up(const core::Failure& failure, const Config& config, bool known = false) {
  const bool misconfigured = known || !refusals(config).empty();
  if (config.log_format == LogFormat::kText) {
    return misconfigured ? print_error(failure.message, kMisconfigured) : print_error(failure);
  }
  const bool is_damage = failure.code == ErrorCode::kCorrupt;
  core::log_error({}, failure.message +
                          (is_damage ? ": " + std::string(storage::kDamageAdvice) : std::string()));
  if (misconfigured) return kMisconfigured;
  return is_damage ? kDamaged : kFailed;
}

// What the log alone has goes to the tables when the leader closes. A manager is told so, and for
// how long that may take, whatever time it gives a service to stop.
std::string stopping_state(const Config& config, const StoreStatus& status) {
  constexpr std::chrono::milliseconds kRest = std::chrono::seconds(10);
  const std::chrono::microseconds most =
      kRest + std::chrono::milliseconds(config.store.close_flush_ms);
  return "STOPPING=1\nSTATUS=stopping: writes " + std::to_string(status.storage_redo_bytes) +
         " bytes of the log to the tables\nEXTEND_TIMEOUT_USEC=" + std::to_string(most.count());
}

// Serves until it is told to stop, and leaves the leader to its caller.
ExitCode serve_with(leader::Leader& leader, const Config& config, const DescriptorShares& shares) {
  Result<std::unique_ptr<Server>> server = open_server(leader, config, shares);
  if (!server.ok()) {
    return give_up(server.failure(), config, server.failure().code == ErrorCode::kInvalid);
  }
  const Result<std::unique_ptr<http::Port>> http = open_http(config, *server.value());
  if (!http.ok()) {
    return give_up(http.failure(), config, http.failure().code == ErrorCode::kInvalid);
  }
  obey_signals(*server.value());
  say_ready(leader, *server.value(), http.value().get());
  server.value()->run();
  server_to_stop = nullptr;  // A signal from here on is one more.
  tell(config.store.region, stopping_state(config, leader.status()));
  return kClean;
}

// Opens the leader. A backup of its directory, made while it was down, gives way within seconds;
// another leader that has it open does not.
Result<std::unique_ptr<leader::Leader>> open_leader(const Config& config) {
  constexpr std::chrono::seconds kPatience{8};
  constexpr std::chrono::milliseconds kTryEvery{100};
  const SteadyTime until = steady_now() + kPatience;
  const WantedFile wanted(config.store.path);
  for (bool waits = false;; waits = true) {
    auto leader = leader::Leader::open(config.store);
    const bool in_use =
        !leader.ok() && leader.failure().code == ErrorCode::kBusy &&
        leader.failure().message.find(storage::DirectoryLock::kInUse) != std::string::npos;
    const bool is_over = !in_use || steady_now() >= until;
    if (waits && is_over) wanted.remove();
    if (is_over) return leader;
    if (!waits && Client::connect_to_directory(config.store.path).ok()) return leader;
    wanted.make();
    std::this_thread::sleep_for(kTryEvery);
  }
}

// Whether the region or the mesh of the configuration is not that of the data.
bool is_misfit(const core::Failure& failure) {
  return failure.code == ErrorCode::kInvalid && failure.message.starts_with(regions::kOthersData);
}

ExitCode serve(const Config& config) {
  if (config.store.control) {
    const Result<std::string> path = control::control_path(config.store.path);
    if (!path.ok()) return give_up(path.failure(), config, true);
  }
  const Result<DescriptorShares> shares = share_descriptors(needs_of(config));
  if (!shares.ok()) return give_up(shares.failure(), config, true);
  Result<std::unique_ptr<leader::Leader>> leader = open_leader(config);
  if (!leader.ok() && is_misfit(leader.failure())) {
    core::Failure failure = leader.failure();
    if (failure.message.ends_with("another mesh")) failure.message += " than " + config.store.mesh;
    return give_up(failure, config, true);
  }
  if (!leader.ok()) return give_up(leader.failure(), config);
  leader.value()->end_flush_when(flush_given_up);
  const ExitCode code = serve_with(*leader.value(), config, shares.value());
  if (code != kClean) return code;
  leader.value().reset();  // The clients are gone: what follows may take seconds.
  core::log_info(config.store.region,
                 flush_given_up ? "stopped, at once: it was told to twice" : "stopped");
  return kClean;
}

void begin_log(const Config& config) {
  const bool to_journal = is_journal(std::getenv("JOURNAL_STREAM"));
  if (config.log_format == LogFormat::kJson) {
    return log_as_json(config.store.region, config.log_level, to_journal);
  }
  if (to_journal) return log_to_journal(config.log_level);
  set_log_level(config.log_level);
}

ExitCode run_serve(const Arguments& arguments) {
  const Result<Config> config = configure_leader(arguments);
  if (!config.ok()) return print_error(config.failure().message, kMisconfigured);
  begin_log(config.value());
  for (const std::string& line : unknown_variables(names_in_environment()))
    core::log_warning({}, line);
  std::signal(SIGPIPE, SIG_IGN);
  explain_faults();
  return serve(config.value());
}

}  // namespace

Command serve_command() {
  std::vector<Argument> arguments{kConfig, kNewOrigin, kAcceptLostLog};
  for (const Argument& each : setting_arguments()) arguments.push_back(each);
  return {"serve", "lead a region and serve Redis clients", std::move(arguments), run_serve};
}

}  // namespace anabranch::server::cli
