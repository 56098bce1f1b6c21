// `anabranch serve`: leads a region until it is stopped.

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "core/log.h"
#include "leader/leader.h"
#include "server/cli/command.h"
#include "server/cli/faults.h"
#include "server/config.h"
#include "server/resp/server.h"

namespace anabranch::server::cli {
namespace {

using core::Failure;
using core::Result;

constexpr Argument kConfig{"--config", Argument::Kind::kValue, "FILE",
                           "a TOML file with any of these settings (ANABRANCH_CONFIG)"};

constexpr Argument kNewOrigin{"--new-origin", Argument::Kind::kSwitch, "",
                              "begin a new incarnation, after a backup was put back"};

// File, then environment, then flags: later sources win.
Result<Config> configure(const Arguments& arguments) {
  Config config;
  const char* const named = std::getenv("ANABRANCH_CONFIG");
  std::string file = arguments.text(kConfig.name);
  if (file.empty() && named != nullptr) file = named;
  if (!file.empty()) {
    const std::vector<std::string> problems = apply_file(file, config);
    if (!problems.empty()) return core::invalid(problems.front());
  }
  const Result<void> environment = apply_environment(std::getenv, config);
  if (!environment.ok()) return environment.failure();
  for (const Setting& setting : settings()) {
    if (!arguments.has(setting.flag)) continue;
    const Result<void> flag = apply_flag(setting, arguments.texts(setting.flag), config);
    if (!flag.ok()) return flag.failure();
  }
  config.store.new_origin = arguments.has(kNewOrigin.name);
  const Result<void> complete = check_complete(config);
  if (!complete.ok()) return complete.failure();
  return config;
}

std::vector<std::string> names_in_environment() {
  std::vector<std::string> names;
  for (char** each = environ; *each != nullptr; ++each) {
    names.emplace_back(*each, std::strcspn(*each, "="));
  }
  return names;
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

void say_ready(const leader::Leader& leader, const Server& server) {
  const StoreStatus status = leader.status();
  const std::string listens = status.endpoint.empty() ? "nowhere" : status.endpoint;
  const auto named = [](const std::string& endpoint) {
    return endpoint.empty() ? std::string("nowhere") : endpoint;
  };
  std::string line = "ready: origin " + status.origin + ", listens on " + listens + ", redis on " +
                     named(server.endpoint());
  if (!server.tls_endpoint().empty()) line += ", with TLS on " + server.tls_endpoint();
  core::log_info(status.region, line);
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
  options.idle_time_max = std::chrono::seconds(config.idle_seconds_max);
  if (config.store.control) options.control_directory = config.store.path;
  options.value_bytes_max = config.store.value_bytes_max;
  if (config.output_bytes_total > 0) options.output_bytes_total = config.output_bytes_total;
  if (config.output_bytes_max > 0) options.output_bytes_max = config.output_bytes_max;
  if (config.monitor_output_bytes_max > 0) {
    options.monitor_output_bytes_max = config.monitor_output_bytes_max;
  }
  if (config.output_stall_ms > 0) {
    options.output_stall = std::chrono::milliseconds(config.output_stall_ms);
  }
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
  core::log_info(config.store.region, "stopped");
  return {};
}

Argument::Kind argument_kind(Setting::Kind kind) {
  if (kind == Setting::Kind::kSwitch) return Argument::Kind::kSwitch;
  return kind == Setting::Kind::kTexts ? Argument::Kind::kValues : Argument::Kind::kValue;
}

ExitCode run(const Arguments& arguments) {
  const Result<Config> config = configure(arguments);
  if (!config.ok()) return print_error(config.failure().message, kUsage);
  set_log_level(config.value().log_level);
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
  for (const Setting& setting : settings()) {
    arguments.push_back({setting.flag,
                         argument_kind(setting.kind),
                         setting.value_name,
                         setting.help,
                         {},
                         setting.also_flag});
  }
  return {"serve", "lead a region and serve Redis clients", std::move(arguments), run};
}

}  // namespace anabranch::server::cli
