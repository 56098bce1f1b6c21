// `anabranch serve`: leads a region, or follows, until it is stopped. A leader that is closed for
// writes is opened anew where its region chooses its leader: it follows the one that has taken
// over.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/listener.h"
#include "core/log.h"
#include "leader/leader.h"
#include "server/cli/command.h"
#include "server/cli/config/configure.h"
#include "server/cli/faults.h"
#include "server/cli/served_leader.h"
#include "server/config.h"
#include "server/config_doubts.h"
#include "server/file_limit.h"
#include "server/reopenings.h"
#include "server/resp/server.h"
#include "server/service/journal.h"
#include "server/service/json_lines.h"
#include "server/service/manager.h"
#include "server/steady_clock.h"
#include "storage/damage.h"

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
  if (stopping) server.stop();  // It was told so while no server was there.
}

// A manager that does not listen is no reason not to serve.
void tell(const std::string& region, std::string_view state) {
  const Result<void> told = tell_manager(std::getenv("NOTIFY_SOCKET"), state);
  if (!told.ok()) core::log_warning(region, told.failure().message);
}

void say_ready(const leader::Leader& leader, const Server& server, const http::Port* http) {
  const StoreStatus status = leader.status();
  const std::string listens = status.endpoint.empty() ? "nowhere" : status.endpoint;
  const auto named = [](const std::string& endpoint) {
    return endpoint.empty() ? std::string("nowhere") : endpoint;
  };
  std::string redis = "redis on " + named(server.endpoint());
  if (!server.tls_endpoint().empty()) redis += ", with TLS on " + server.tls_endpoint();
  for (const std::string& each : {server.sentinel_endpoint(), server.sentinel_tls_endpoint()}) {
    if (!each.empty()) redis += ", sentinel on " + each;
  }
  if (http != nullptr) redis += ", http on " + http->name();
  core::log_info(status.region,
                 "ready: origin " + status.origin + ", listens on " + listens + ", " + redis);
  tell(status.region,
       "READY=1\nSTATUS=region " + status.region + ", " + redis + ", listens on " + listens);
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

// Serves until it is told to stop, or the leader is to be opened anew; returns whether it is.
bool serve_with(ServedLeader& serving, const Config& config) {
  serving.leader->end_flush_when(flush_given_up);
  obey_signals(*serving.server);
  say_ready(*serving.leader, *serving.server, serving.http.get());
  serving.server->run();
  server_to_stop = nullptr;  // A signal from here on is one more.
  const bool anew = serving.server->opens_anew() && !stopping;
  tell(config.store.region, anew ? "STATUS=closed for writes: opens its directory anew"
                                 : stopping_state(config, serving.leader->status()));
  serving.http.reset();
  serving.server.reset();
  serving.leader.reset();  // The clients are gone: what follows may take seconds.
  return anew;
}

// Returns whether the time has gone without a signal to stop.
bool wait_unless_stopped(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kLook{50};
  const SteadyTime until = steady_now() + time;
  while (!stopping && steady_now() < until) std::this_thread::sleep_for(kLook);
  return !stopping;
}

// Opens a leader anew that was closed for writes, and tries until that is done or it is told to
// stop; the leader is absent then. What a start would not get over ends it: returns its code.
std::optional<ExitCode> open_until_done(ServedLeader& serving, const Config& config,
                                        const DescriptorShares& shares, Reopenings& reopenings) {
  const std::string& region = config.store.region;
  for (;;) {
    const auto refusal = open_anew(serving, config, shares, reopenings);
    if (!refusal) {
      reopenings.opened(steady_now());
      core::log_warning(region, "its directory is open anew, time " +
                                    std::to_string(reopenings.count()) +
                                    "; it was closed for writes: " + reopenings.why());
      return std::nullopt;
    }
    const core::Failure& why = refusal->failure;
    if (refusal->misconfigured || why.code == ErrorCode::kCorrupt) {
      return give_up(why, config, refusal->misconfigured);
    }
    reopenings.closed(steady_now(), why.message);
    const auto wait = reopenings.due_in(steady_now());
    core::log_error(region,
                    "its directory cannot be opened anew, which is tried again in " +
                        std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) +
                        " s: " + why.message);
    if (!wait_unless_stopped(wait)) return std::nullopt;
  }
}

ExitCode serve(Config config) {
  if (config.store.control) {
    const Result<std::string> path = control::control_path(config.store.path);
    if (!path.ok()) return give_up(path.failure(), config, true);
  }
  const Result<DescriptorShares> shares = share_descriptors(needs_of(config));
  if (!shares.ok()) return give_up(shares.failure(), config, true);
  Reopenings reopenings;
  ServedLeader serving;
  const auto refusal = open(serving, config, shares.value(), reopenings);
  if (refusal) return give_up(refusal->failure, config, refusal->misconfigured);
  reopenings.opened(steady_now());
  config = of_next_opening(std::move(config), serving);
  while (serving.leader && serve_with(serving, config)) {
    const auto code = open_until_done(serving, config, shares.value(), reopenings);
    if (code) return *code;
  }
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
  Result<Config> config = configure_leader(arguments);
  if (!config.ok()) return print_error(config.failure().message, kMisconfigured);
  begin_log(config.value());
  for (const std::string& line : unknown_variables(names_in_environment()))
    core::log_warning({}, line);
  std::signal(SIGPIPE, SIG_IGN);
  explain_faults();
  return serve(std::move(config).value());
}

}  // namespace

Command serve_command() {
  std::vector<Argument> arguments{kConfig, kNewOrigin, kAcceptLostLog};
  for (const Argument& each : setting_arguments()) arguments.push_back(each);
  return {"serve", "lead a region and serve Redis clients", std::move(arguments), run_serve};
}

}  // namespace anabranch::server::cli
