#include "server/cli/served_leader.h"

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "http/documents.h"
#include "regions/startup.h"
#include "server/cli/client.h"
#include "server/cli/config/configure.h"
#include "server/cli/data_directory.h"
#include "server/cli/wanted_file.h"
#include "server/steady_clock.h"
#include "storage/directory_lock.h"

namespace anabranch::server::cli {

using core::Failure;
using core::Result;

namespace {

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
                          .gate = server.http_gate(),
                          .documents = http::installed_documents()});
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what()};
  }
}

Result<std::unique_ptr<Server>> open_server(leader::Leader& leader, const Config& config,
                                            const DescriptorShares& shares,
                                            Reopenings& reopenings) {
  ServerOptions options;
  options.address = config.redis;
  options.sentinel_name = config.sentinel_name;
  options.sentinel_address = config.sentinel;
  options.sentinel_tls_address = config.sentinel_tls;
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
  return Server::open(leader, std::move(options), &reopenings);
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

}  // namespace

DescriptorNeeds needs_of(const Config& config) {
  const bool has_port = !config.redis.empty() || !config.redis_tls.empty() ||
                        !config.redis_socket.empty() || !config.sentinel.empty() ||
                        !config.sentinel_tls.empty();
  return {.dialled = config.store.peers.size(),
          .peer_port = !config.store.listen.empty(),
          .http_port = !config.http.empty(),
          .clients = has_port ? config.clients_max : 0};
}

std::optional<Refusal> open(ServedLeader& opened, const Config& config,
                            const DescriptorShares& shares, Reopenings& reopenings) {
  auto leader = open_leader(config);
  if (!leader.ok()) {
    Failure failure = leader.failure();
    const bool misfits = is_misfit(failure);
    if (misfits && failure.message.ends_with("another mesh")) {
      failure.message += " than " + config.store.mesh;
    }
    return Refusal{std::move(failure), misfits};
  }
  const auto refusal = [](const Failure& failure) {
    return Refusal{failure, failure.code == ErrorCode::kInvalid};
  };
  auto server = open_server(*leader.value(), config, shares, reopenings);
  if (!server.ok()) return refusal(server.failure());
  auto http = open_http(config, *server.value());
  if (!http.ok()) return refusal(http.failure());
  opened = {.leader = std::move(leader).value(),
            .server = std::move(server).value(),
            .http = std::move(http).value()};
  return std::nullopt;
}

std::optional<Refusal> open_anew(ServedLeader& opened, const Config& config,
                                 const DescriptorShares& shares, Reopenings& reopenings) {
  const Result<void> found = find_data(config.store.path);
  if (!found.ok()) return Refusal{found.failure()};
  return open(opened, config, shares, reopenings);
}

Config of_next_opening(Config config, const ServedLeader& opened) {
  const auto keep = [](std::string& address, const std::string& real) {
    if (address.ends_with(":0")) address = real;
  };
  keep(config.store.listen, opened.leader->status().endpoint);
  keep(config.redis, opened.server->endpoint());
  keep(config.redis_tls, opened.server->tls_endpoint());
  keep(config.sentinel, opened.server->sentinel_endpoint());
  keep(config.sentinel_tls, opened.server->sentinel_tls_endpoint());
  config.store.new_origin = false;
  config.store.accept_lost_log.clear();
  return config;
}

}  // namespace anabranch::server::cli
