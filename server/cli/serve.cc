// `anabranch serve`: leads a region until it is stopped.

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "core/log.h"
#include "leader/leader.h"
#include "server/cli/command.h"
#include "server/cli/config/configure.h"
#include "server/cli/faults.h"
#include "server/config.h"
#include "server/resp/server.h"
#include "server/service/journal.h"
#include "server/service/manager.h"

namespace anabranch::server::cli {
namespace {

using core::Result;

constexpr Argument kNewOrigin{"--new-origin", Argument::Kind::kSwitch, "",
                              "begin a new incarnation, after a backup was put back"};

Result<Config> configure_leader(const Arguments& arguments) {
  Result<Config> config = configure(arguments);
  if (!config.ok()) return config;
  config.value().store.new_origin = arguments.has(kNewOrigin.name);
  const Result<void> complete = check_complete(config.value());
  if (!complete.ok()) return complete.failure();
  return config;
}

// The server that SIGINT and SIGTERM stop, and that SIGHUP makes reload its keys. Few functions are
// safe in a handler; these functions of Server are.
std::atomic<Server*> server_to_stop{nullptr};

void stop_server(int) {
  Server* const server = server_to_stop.load();
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

void say_ready(const leader::Leader& leader, const Server& server) {
  const StoreStatus status = leader.status();
  const std::string listens = status.endpoint.empty() ? "nowhere" : status.endpoint;
  const auto named = [](const std::string& endpoint) {
    return endpoint.empty() ? std::string("nowhere") : endpoint;
  };
  std::string redis = "redis on " + named(server.endpoint());
  if (!server.tls_endpoint().empty()) redis += ", with TLS on " + server.tls_endpoint();
  core::log_info(status.region,
                 "ready: origin " + status.origin + ", listens on " + listens + ", " + redis);
  tell(status.region,
       "READY=1\nSTATUS=region " + status.region + ", " + redis + ", listens on " + listens);
}

Result<std::unique_ptr<Server>> open_server(leader::Leader& leader, const Config& config) {
  ServerOptions options;
  options.address = config.redis;
  options.acl_file = config.acl_file;
  options.tls_address = config.redis_tls;
  options.tls = tls_files(config);
  options.socket_path = config.redis_socket;
  options.socket_mode = config.redis_socket_mode;
  options.insecure = config.redis_insecure;
  options.clients_bytes_max = config.clients_bytes_max;
  options.idle_time_max =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(config.idle_ms_max));
  if (config.store.control) options.control_directory = config.store.path;
  options.value_bytes_max = config.store.value_bytes_max;
  options.output_bytes_total = config.output_bytes_total;
  options.output_bytes_max = config.output_bytes_max;
  options.monitor_output_bytes_max = config.monitor_output_bytes_max;
  options.output_stall = std::chrono::milliseconds(config.output_stall_ms);
  return Server::open(leader, std::move(options));
}

Result<void> serve(const Config& config) {
  if (config.store.control) {
    const Result<std::string> path = control::control_path(config.store.path);
    if (!path.ok()) return path.failure();
  }
  Result<std::unique_ptr<leader::Leader>> leader = leader::Leader::open(config.store);
  if (!leader.ok()) return leader.failure();
  Result<std::unique_ptr<Server>> server = open_server(*leader.value(), config);
  if (!server.ok()) return server.failure();
  obey_signals(*server.value());
  say_ready(*leader.value(), *server.value());
  server.value()->run();
  server_to_stop = nullptr;
  tell(config.store.region, "STOPPING=1");
  core::log_info(config.store.region, "stopped");
  return {};
}

void begin_log(LogLevel level) {
  if (is_journal(std::getenv("JOURNAL_STREAM"))) return log_to_journal(level);
  set_log_level(level);
}

ExitCode run(const Arguments& arguments) {
  const Result<Config> config = configure_leader(arguments);
  if (!config.ok()) return print_error(config.failure().message, kUsage);
  begin_log(config.value().log_level);
  for (const std::string& line : unknown_variables(names_in_environment()))
    core::log_warning({}, line);
  std::signal(SIGPIPE, SIG_IGN);
  explain_faults();
  const Result<void> served = serve(config.value());
  return served.ok() ? kClean : print_error(served.failure());
}

}  // namespace

Command serve_command() {
  std::vector<Argument> arguments{kConfig, kNewOrigin};
  for (const Argument& each : setting_arguments()) arguments.push_back(each);
  return {"serve", "lead a region and serve Redis clients", std::move(arguments), run};
}

}  // namespace anabranch::server::cli
