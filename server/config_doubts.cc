#include "server/config_doubts.h"

#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "leader/check_options.h"
#include "server/resp/access/user_file.h"
#include "server/resp/command.h"
#include "server/resp/socket/exposure.h"
#include "transport/address.h"
#include "transport/key_files.h"
#include "transport/zmq/reach_probe.h"

namespace anabranch::server {
namespace {

using Lines = std::vector<std::string>;

std::string_view port_of(std::string_view address) {
  return address.substr(address.rfind(':') + 1);
}

std::string_view host_of(std::string_view address) {
  constexpr std::string_view kScheme = "tcp://";
  return address.substr(kScheme.size(), address.rfind(':') - kScheme.size());
}

// Whether the leader that listens at one address is dialled at the other.
bool is_same(const std::string& listen, const std::string& dialled) {
  if (listen.empty() || port_of(listen) != port_of(dialled)) return false;
  const std::string_view host = host_of(listen);
  const bool is_all = host == "*" || host == "0.0.0.0" || host == "[::]";
  if (transport::is_loopback(dialled)) return is_all || transport::is_loopback(listen);
  return host == host_of(dialled);
}

void add_keys(const Options& options, Lines& lines) {
  if (options.keys_file.empty()) return;
  for (const std::string& text : options.peers) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok() || !peer.value().region.empty()) continue;
    std::string& line = lines.emplace_back("peers: with keys ");
    line.append(text).append(" must say whose key is expected there, as REGION@").append(text);
  }
  if (options.region.empty()) return;
  const auto keys =
      transport::load_keys(options.keys_file, options.peers_keys_file, options.region);
  if (!keys.ok()) lines.push_back(keys.failure().message);
}

void add_certificates(const Config& config, Lines& lines) {
  const bool for_http = config.http_tls && !config.http.empty();
  if (config.redis_tls.empty() && config.sentinel_tls.empty() && !for_http) return;
  const auto tls = TlsContext::load(tls_files(config));
  if (tls.ok()) return;
  const char* const wants = !config.redis_tls.empty()      ? "redis_tls: "
                            : !config.sentinel_tls.empty() ? "sentinel_tls: "
                                                           : "http_tls: ";
  lines.push_back(wants + tls.failure().message);
}

void add_peer(const std::string& text, std::set<std::string>& seen, Lines& lines) {
  const transport::PeerAddress peer = transport::parse_peer(text).value();
  if (!seen.insert(peer.address).second) {
    lines.push_back("peers: " + peer.address + " is there twice");
    return;
  }
  if (std::string why = transport::why_unresolved(peer.address); !why.empty()) {
    lines.push_back("peers: " + peer.address + ": " + std::move(why));
  }
}

// Adds a doubt if the region neither listens nor reaches any peer: without listening it joins a
// mesh only through the peers it dials.
void add_loneliness(const Config& config, const std::set<std::string>& peers, Lines& lines) {
  constexpr std::chrono::milliseconds kTimeout{2000};
  if (!config.store.listen.empty() || peers.empty()) return;
  std::string reasons;
  for (const std::string& peer : peers) {
    const std::string why = transport::why_unreachable(peer, kTimeout);
    if (why.empty()) return;
    reasons.append(reasons.empty() ? "" : "; ").append(peer).append(": ").append(why);
  }
  lines.push_back("this region listens nowhere, and none of its peers can be reached now (" +
                  reasons + ")");
}

}  // namespace

std::string why_refused(const Config& config) {
  Options options = config.store;
  if (options.region.empty()) options.region = "region";
  if (options.path.empty()) options.path = "data";
  const auto checked = leader::check_options(options);
  return checked.ok() ? "" : checked.failure().message;
}

Lines refusals(const Config& config) {
  Lines lines;
  if (std::string why = why_refused(config); !why.empty()) lines.push_back(std::move(why));
  const auto users = load_users(config.acl_file, catalogue());
  if (!users.ok()) {
    lines.push_back("acl_file: " + users.failure().message);
  } else {
    const bool open = users.value().default_user().is_open();
    const auto safe =
        check_exposure(Exposure{config.redis, config.redis_tls, config.redis_insecure, open});
    if (!safe.ok()) lines.push_back(safe.failure().message);
    const auto safe_sentinel =
        check_exposure(Exposure{config.sentinel, config.sentinel_tls, config.redis_insecure, open});
    if (!safe_sentinel.ok()) lines.push_back(safe_sentinel.failure().message);
    const auto safe_http =
        check_exposure(HttpExposure{config.http, config.http_tls, config.http_insecure, open});
    if (!safe_http.ok()) lines.push_back(safe_http.failure().message);
  }
  add_certificates(config, lines);
  add_keys(config.store, lines);
  return lines;
}

Lines notes(const Config& config) {
  Lines lines;
  for (const std::string& text : config.store.peers) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok() || !is_same(config.store.listen, peer.value().address)) continue;
    lines.push_back("peers: " + peer.value().address + " is where this leader itself listens (" +
                    config.store.listen + "), and is passed over");
  }
  return lines;
}

Lines doubts(const Config& config) {
  Lines lines = refusals(config);
  std::set<std::string> peers;
  for (const std::string& text : config.store.peers) add_peer(text, peers, lines);
  if (lines.empty()) add_loneliness(config, peers, lines);
  return lines;
}

}  // namespace anabranch::server
