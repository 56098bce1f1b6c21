#include "server/config.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "control/verbs/policy_words.h"
#include "core/text.h"
#include "http/hosts.h"
#include "leader/storage_options.h"
#include "server/address.h"
#include "server/quantity.h"
#include "server/setting_access.h"
#include "server/setting_words.h"
#include "transport/address.h"

namespace anabranch::server {
namespace {

using access::as_text;
using access::get_member;
using access::one_or_none;
using access::parse_switch;
using access::set_number;
using access::set_number_or_none;
using access::set_size;
using access::set_switch;
using access::set_text;
using access::set_word;
using access::Values;
using core::invalid;
using core::Result;
using Kind = Setting::Kind;

// ---- Access to settings of forms of their own; the others are in setting_access.h.

Result<void> store_listen(Config& config, const Values& values) {
  config.store.listen = values.front();
  if (values.front().empty()) return {};
  return transport::check_address(values.front(), transport::AddressUse::kListen);
}

constexpr Access set_listen{store_listen, get_member<&Options::listen>};

Result<void> store_no_control(Config& config, const Values& values) {
  const Result<bool> value = parse_switch(values.front());
  if (!value.ok()) return value.failure();
  config.store.control = !value.value();
  return {};
}

constexpr Access set_no_control{
    store_no_control, [](const Config& config) { return Values{as_text(!config.store.control)}; }};

Result<void> store_peers(Config& config, const Values& values) {
  for (const std::string& text : values) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok()) return peer.failure();
  }
  config.store.peers = values;
  return {};
}

constexpr Access set_peers{store_peers, [](const Config& config) { return config.store.peers; }};

Result<void> store_policies(Config& config, const Values& values) {
  std::vector<PrefixPolicy> policies;
  for (const std::string& text : values) {
    auto policy = control::parse_prefix_policy(text);
    if (!policy.ok()) return policy.failure();
    policies.push_back(std::move(policy).value());
  }
  config.store.policies = std::move(policies);
  return {};
}

Values get_policies(const Config& config) {
  Values texts;
  for (const PrefixPolicy& each : config.store.policies) {
    texts.push_back(to_string(each.policy) + ' ' + std::to_string(each.database) + ' ' +
                    (each.prefix.empty() ? "\"\"" : each.prefix));
  }
  return texts;
}

constexpr Access set_policies{store_policies, get_policies};

// HOST:PORT, or nothing.
template <auto Member>
Result<void> store_place(Config& config, const Values& values) {
  const Result<Address> address = parse_address(values.front());
  if (!address.ok()) return address.failure();
  if constexpr (requires { config.*Member; }) {
    config.*Member = values.front();
  } else {
    config.store.*Member = values.front();
  }
  return {};
}

template <auto Member>
constexpr Access set_place{store_place<Member>, get_member<Member>};

Result<void> store_announced_peer(Config& config, const Values& values) {
  config.store.announce_peer = values.front();
  return transport::check_address(values.front(), transport::AddressUse::kDial);
}

constexpr Access set_announced_peer{store_announced_peer, get_member<&Options::announce_peer>};

constexpr std::string_view kNowhere = "none";

Result<void> store_redis(Config& config, const Values& values) {
  const bool none = values.front() == kNowhere;
  if (const Result<Address> address = parse_address(values.front()); !none && !address.ok()) {
    return address.failure();
  }
  config.redis = none ? "" : values.front();
  return {};
}

constexpr Access set_redis{
    store_redis, [](const Config& config) {
      return Values{config.redis.empty() ? std::string(kNowhere) : config.redis};
    }};

Result<void> store_http(Config& config, const Values& values) {
  const Result<http::Address> address = http::parse_address(values.front(), true);
  if (!address.ok()) return address.failure();
  config.http = values.front();
  return {};
}

constexpr Access set_http{store_http, get_member<&Config::http>};

Result<void> store_http_hosts(Config& config, const Values& values) {
  for (const std::string& name : values) {
    if (http::is_name(name)) continue;
    return invalid("must be host names without a port, such as eu.example or *.example, not '" +
                   name + "'");
  }
  config.http_hosts = values;
  return {};
}

constexpr Access set_http_hosts{store_http_hosts,
                                [](const Config& config) { return config.http_hosts; }};

Result<void> store_socket_mode(Config& config, const Values& values) {
  const auto mode = core::parse_number<std::uint32_t, 8>(values.front());
  constexpr std::uint32_t kMost = 0777;
  if (!mode || *mode > kMost) {
    return invalid("must be the mode of a file in octal digits, such as 0660, not '" +
                   values.front() + "'");
  }
  config.redis_socket_mode = *mode;
  return {};
}

Values get_socket_mode(const Config& config) {
  std::string digits = "0000";
  std::uint32_t rest = config.redis_socket_mode;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest /= 8) {
    *digit = static_cast<char>('0' + rest % 8);
  }
  return {digits};
}

constexpr Access set_socket_mode{store_socket_mode, get_socket_mode};

constexpr Access set_compress = set_word<&Options::compress, kCompress, kCompressWords>;
constexpr Access set_durability =
    set_word<&Options::durability, leader::kDurabilities, kDurabilityWords>;
constexpr Access set_log_level = set_word<&Config::log_level, kLevels, kLevelWords>;
constexpr Access set_tls_clients = set_word<&Config::tls_clients, kTlsClients, kTlsClientsWords>;
constexpr Access set_log_format = set_word<&Config::log_format, kFormats, kFormatWords>;

constexpr std::array kSettings{
    Setting{"region",
            "--region",
            "NAME",
            "the region that this leader leads, a short name that it keeps",
            Kind::kText,
            set_text<&Options::region>,
            {},
            {},
            "eu"},
    Setting{"data",
            "--data",
            "DIR",
            "where the data is; made when absent, in a folder that is there",
            Kind::kText,
            set_text<&Options::path>,
            {},
            {},
            "/var/lib/anabranch/data"},
    Setting{"listen",
            "--listen",
            "ADDRESS",
            "where other leaders connect, port 0 for any free one; without it this leader only "
            "dials",
            Kind::kText,
            set_listen,
            {},
            {},
            "tcp://127.0.0.1:7400"},
    Setting{"peers", "--peer", "ADDRESS",
            "another leader to connect to, with keys as REGION@ADDRESS; once for each",
            Kind::kTexts, set_peers, "peer", "--peers", "us@tcp://us.example:7400"},
    Setting{"node_name",
            "--node-name",
            "NAME",
            "the name of this member of its region; without it the host's name and the port of "
            "listen",
            Kind::kText,
            set_text<&Options::node_name>,
            {},
            {},
            "eu-1"},
    Setting{"zone",
            "--zone",
            "WORD",
            "where this member runs: members that may fail together have one zone",
            Kind::kText,
            set_text<&Options::zone>,
            {},
            {},
            "rack-7"},
    Setting{"rank", "--rank", "N",
            "the order of the members of a region, 0 to 255: the least comes first", Kind::kNumber,
            set_number_or_none<&Options::rank>},
    Setting{"announce_redis",
            "--announce-redis",
            "HOST:PORT",
            "where Redis clients of other machines reach this member, as the others are told",
            Kind::kText,
            set_place<&Options::announce_redis>,
            {},
            {},
            "eu-1.example:6400"},
    Setting{"announce_redis_tls",
            "--announce-redis-tls",
            "HOST:PORT",
            "the same with TLS",
            Kind::kText,
            set_place<&Options::announce_redis_tls>,
            {},
            {},
            "eu-1.example:6401"},
    Setting{"announce_sentinel",
            "--announce-sentinel",
            "HOST:PORT",
            "where clients reach a Sentinel that knows this member, as the others are told",
            Kind::kText,
            set_place<&Options::announce_sentinel>,
            {},
            {},
            "eu-1.example:26400"},
    Setting{"announce_peer",
            "--announce-peer",
            "ADDRESS",
            "where other members and leaders reach this one, as they are told",
            Kind::kText,
            set_announced_peer,
            {},
            {},
            "tcp://eu-1.example:7400"},
    Setting{"promote_after", "--promote-after", "TIME",
            "when its region has had no leader for so long a follower leads by itself; 2s is a "
            "good choice; 0: never",
            Kind::kTime, set_number_or_none<&Options::promote_after_ms>},
    Setting{"follower", "--follower", "",
            "copies a leader of its region and serves reads, until it is promoted", Kind::kSwitch,
            set_switch<&Options::follower>},
    Setting{"keys_file",
            "--keys-file",
            "FILE",
            "this region's secret keys, made by `anabranch keys new`",
            Kind::kText,
            set_text<&Options::keys_file>,
            {},
            {},
            "/etc/anabranch/eu.keys"},
    Setting{"peers_keys_file",
            "--peers-keys-file",
            "FILE",
            "the public keys of all regions, a line each",
            Kind::kText,
            set_text<&Options::peers_keys_file>,
            {},
            {},
            "/etc/anabranch/known.keys"},
    Setting{"insecure", "--insecure", "",
            "without keys, listen on and dial addresses of other machines too", Kind::kSwitch,
            set_switch<&Options::insecure>},
    Setting{"no_control", "--no-control", "",
            "does not take the commands of this program on the socket DIR/control", Kind::kSwitch,
            set_no_control},
    Setting{"compress", "--compress", "WHICH",
            "which links to leaders are compressed: never, remote or always", Kind::kText,
            set_compress},
    Setting{"redis", "--redis", "HOST:PORT",
            "where Redis clients connect; port 0: any free one; none: nowhere", Kind::kText,
            set_redis},
    Setting{"redis_tls",
            "--redis-tls",
            "HOST:PORT",
            "where Redis clients connect with TLS; those of other machines need a password",
            Kind::kText,
            set_place<&Config::redis_tls>,
            {},
            {},
            "0.0.0.0:6401"},
    Setting{"redis_socket",
            "--redis-socket",
            "PATH",
            "a socket for Redis clients on this machine",
            Kind::kText,
            set_text<&Config::redis_socket>,
            {},
            {},
            "/run/anabranch/redis.sock"},
    Setting{"redis_socket_mode", "--redis-socket-mode", "MODE", "the mode of that socket",
            Kind::kText, set_socket_mode},
    Setting{"redis_insecure", "--redis-insecure", "",
            "Redis clients of other machines need no TLS and no password", Kind::kSwitch,
            set_switch<&Config::redis_insecure>},
    Setting{"tls_cert_file",
            "--tls-cert-file",
            "FILE",
            "the certificate of this server and those up to its root, PEM",
            Kind::kText,
            set_text<&Config::tls_cert_file>,
            {},
            {},
            "/etc/anabranch/server.crt"},
    Setting{"tls_key_file",
            "--tls-key-file",
            "FILE",
            "its key, PEM; mode 0600, or 0640 for a group of the server",
            Kind::kText,
            set_text<&Config::tls_key_file>,
            {},
            {},
            "/etc/anabranch/server.key"},
    Setting{"tls_ca_file",
            "--tls-ca-file",
            "FILE",
            "the roots of clients' certificates, PEM",
            Kind::kText,
            set_text<&Config::tls_ca_file>,
            {},
            {},
            "/etc/anabranch/clients.crt"},
    Setting{"tls_clients", "--tls-clients", "WHICH",
            "whether clients show a certificate: no, optional or yes", Kind::kText,
            set_tls_clients},
    Setting{"sentinel_name",
            "--sentinel-name",
            "NAME",
            "the name under which clients of Redis Sentinel ask the Redis port for the leader of "
            "this region",
            Kind::kText,
            set_text<&Config::sentinel_name>,
            {},
            {},
            "mymaster"},
    Setting{"sentinel",
            "--sentinel",
            "HOST:PORT",
            "a port for these clients alone, which may subscribe there to news of the leader",
            Kind::kText,
            set_place<&Config::sentinel>,
            {},
            {},
            "127.0.0.1:26400"},
    Setting{"sentinel_tls",
            "--sentinel-tls",
            "HOST:PORT",
            "the same with TLS; those of other machines need a password",
            Kind::kText,
            set_place<&Config::sentinel_tls>,
            {},
            {},
            "0.0.0.0:26401"},
    Setting{"redis_cluster", "--redis-cluster", "",
            "clients of Redis Cluster take this region for a cluster of one shard: followers send "
            "them to its leader",
            Kind::kSwitch, set_switch<&Config::redis_cluster>},
    Setting{"acl_file",
            "--acl-file",
            "FILE",
            "the users of the Redis port and their rights, a line each as in Redis; mode 0600",
            Kind::kText,
            set_text<&Config::acl_file>,
            {},
            {},
            "/var/lib/anabranch/users.acl"},
    Setting{"clients_max", "--clients-max", "N",
            "how many Redis clients may be connected; of further ones idle strangers give way",
            Kind::kNumber, set_number<&Config::clients_max>},
    Setting{"http",
            "--http",
            "ADDRESS",
            "where browsers find a page about this leader, and monitoring its figures and health: "
            "HOST:PORT or unix:PATH; other machines need http_tls and a password",
            Kind::kText,
            set_http,
            {},
            {},
            "127.0.0.1:6480"},
    Setting{"http_tls", "--http-tls", "",
            "HTTPS there, with the certificates of tls_cert_file and the settings beside it",
            Kind::kSwitch, set_switch<&Config::http_tls>},
    Setting{"http_hosts", "--http-host", "NAME",
            "a name by which browsers may call this machine, beside those of its certificate; once "
            "for each",
            Kind::kTexts, set_http_hosts, "http_host", "--http-hosts", "eu.example"},
    Setting{"http_insecure", "--http-insecure", "",
            "browsers of other machines need no TLS, and without users no password", Kind::kSwitch,
            set_switch<&Config::http_insecure>},
    Setting{"http_ready_lag_ms", "--http-ready-lag-ms", "TIME",
            "a leader that has lacked writes of its peers for longer is not ready, at /readyz",
            Kind::kTime, set_number_or_none<&Config::http_ready_lag_ms>},
    Setting{"clients_bytes_max", "--clients-bytes-max", "SIZE",
            "bytes that all Redis clients may hold, in answers and requests; beyond, those that "
            "hold the most are closed; 0: no limit",
            Kind::kSize, set_number_or_none<&Config::clients_bytes_max>},
    Setting{"idle_ms_max", "--idle-ms-max", "TIME",
            "a Redis client that sends nothing for so long, in whole seconds, is closed; 0: never",
            Kind::kTime, set_number_or_none<&Config::idle_ms_max>},
    Setting{"output_bytes_total", "--output-bytes-total", "SIZE",
            "bytes of answers that wait to be sent, over all Redis clients", Kind::kSize,
            set_number<&Config::output_bytes_total>},
    Setting{"output_bytes_max", "--output-bytes-max", "SIZE",
            "bytes of answers that wait for one Redis client; an answer beyond becomes an error",
            Kind::kSize, set_size<&Config::output_bytes_max, ServerOptions::kOutputBytesLeast>},
    Setting{"monitor_output_bytes_max", "--monitor-output-bytes-max", "SIZE",
            "bytes that wait for a client of MONITOR; beyond, it is closed", Kind::kSize,
            set_number<&Config::monitor_output_bytes_max>},
    Setting{"output_stall_ms", "--output-stall-ms", "TIME",
            "a client that has not read for so long is closed when others wait for room",
            Kind::kTime, set_number<&Config::output_stall_ms>},
    Setting{"policy",
            "--policy",
            "POLICY",
            "a policy that this region proposes, as KIND DATABASE PREFIX, such as \"max 0 bids/\"; "
            "once for each",
            Kind::kTexts,
            set_policies,
            {},
            {},
            "max 0 bids/"},
    Setting{"conflicts_bytes_max", "--conflicts-bytes-max", "SIZE",
            "bytes of values that lost, kept in the conflict log for 30 days; 0: none", Kind::kSize,
            set_number_or_none<&Options::conflicts_bytes_max>},
    Setting{"mesh", "--mesh", "NAME", "leaders of another mesh are refused", Kind::kText,
            set_text<&Options::mesh>},
    Setting{"log_level", "--log-level", "LEVEL",
            "the least that is logged: debug, info, warning, error or off", Kind::kText,
            set_log_level},
    Setting{"log_format", "--log-format", "FORMAT",
            "how lines of the log are written: text, or json, an object a line", Kind::kText,
            set_log_format},
    Setting{"value_bytes_max", "--value-bytes-max", "SIZE", "the most bytes of one value",
            Kind::kSize, set_number<&Options::value_bytes_max>},
    Setting{"transaction_bytes_max", "--transaction-bytes-max", "SIZE",
            "the most bytes of one transaction, up to 128MiB", Kind::kSize,
            set_number<&Options::transaction_bytes_max>},
    Setting{"durability", "--durability", "WORD",
            "when a write is on disk: sync, before its answer; interval, within a second; none, "
            "within half a minute",
            Kind::kText, set_durability},
    Setting{"flush_bytes_max", "--flush-bytes-max", "SIZE",
            "bytes of writes kept in memory until the engine writes them to its tables",
            Kind::kSize, set_number<&Options::flush_bytes_max>},
    Setting{"map_bytes", "--map-bytes", "SIZE",
            "address space for the data, not disk: the most it can ever hold", Kind::kSize,
            set_number<&Options::map_bytes>},
    Setting{"log_bytes_min", "--log-bytes-min", "SIZE",
            "bytes of log that are kept although every region has them", Kind::kSize,
            set_number<&Options::log_bytes_min>},
    Setting{"log_bytes_max", "--log-bytes-max", "SIZE",
            "bytes of log that are kept for regions that lack them", Kind::kSize,
            set_number<&Options::log_bytes_max>},
    Setting{"log_age_ms_max", "--log-age-ms-max", "TIME",
            "for how long log is kept for regions that lack it", Kind::kTime,
            set_number<&Options::log_age_ms_max>},
    Setting{"reserve_bytes", "--reserve-bytes", "SIZE",
            "with less than this free on the disk, writes that add are refused; 0: no reserve",
            Kind::kSize, set_number_or_none<&Options::reserve_bytes>},
    Setting{"clock_drift_ms_max", "--clock-drift-ms-max", "TIME",
            "how far this clock follows another leader's that is ahead", Kind::kTime,
            set_number<&Options::clock_drift_ms_max>},
    Setting{"lag_alarm_ms", "--lag-alarm-ms", "TIME",
            "how far behind a region is warned of, by its oldest write not confirmed; 0: never",
            Kind::kTime, set_number_or_none<&Options::lag_alarm_ms>},
    Setting{"lag_slow_ms", "--lag-slow-ms", "TIME",
            "from how far behind the others applying goes before local writes; 0: never",
            Kind::kTime, set_number_or_none<&Options::lag_slow_ms>},
    Setting{"backup_alarm_ms", "--backup-alarm-ms", "TIME",
            "how old the last verified backup of this leader may be before it warns; 0: any",
            Kind::kTime, set_number_or_none<&Options::backup_alarm_ms>},
    Setting{"read_ms_max", "--read-ms-max", "TIME",
            "how old the state may be that a backup or another reader uses before it warns; 0: any",
            Kind::kTime, set_number_or_none<&Options::read_ms_max>},
    Setting{"scrub_ms", "--scrub-ms", "TIME",
            "how often all that is stored is read, slowly, to find damage; 0: never", Kind::kTime,
            set_number_or_none<&Options::scrub_ms>},
    Setting{"expiry_wait_ms_max", "--expiry-wait-ms-max", "TIME",
            "how long a region that is away keeps expired keys from being cleared", Kind::kTime,
            set_number<&Options::expiry_wait_ms_max>},
    Setting{"once_ms", "--once-ms", "TIME",
            "for how long the ids of ANABRANCH ONCE are remembered, at least; the same in all "
            "regions",
            Kind::kTime, set_number<&Options::once_ms>},
    Setting{"once_max", "--once-max", "N", "how many ids of ANABRANCH ONCE are remembered at most",
            Kind::kNumber, set_number<&Options::once_max>},
    Setting{"expiry_grace_ms", "--expiry-grace-ms", "TIME",
            "when others clear what the region that set a deadline does not", Kind::kTime,
            set_number<&Options::expiry_grace_ms>},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Values values_in(const Config& config, const Setting& setting) {
  if (setting.access.get == nullptr) return {};
  Values values = setting.access.get(config);
  const bool is_size = setting.kind == Kind::kSize;
  if (!is_size && setting.kind != Kind::kTime) return values;
  for (std::string& value : values) {
    const std::int64_t number = core::parse_number<std::int64_t>(value).value_or(0);
    value = is_size ? size_text(number) : time_text(number);
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> settings_in(const Config& config) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Setting& setting : kSettings) {
    std::string text;
    for (const std::string& value : values_in(config, setting)) {
      text.append(text.empty() ? "" : ",").append(value);
    }
    all.emplace_back(setting.key, std::move(text));
  }
  return all;
}

std::string_view full_help(const Setting& setting) {
  static const auto texts = [] {
    std::map<std::string_view, std::string> made;
    for (const Setting& each : kSettings) {
      const Values values = each.kind == Kind::kSwitch ? Values{} : values_in(Config{}, each);
      made[each.key] = std::string(each.help) + (values.empty() ? "" : " (" + values.front() + ")");
    }
    return made;
  }();
  return texts.at(setting.key);
}

Result<void> check_complete(const Config& config) {
  const std::string how = " (flag, environment or file)";
  if (config.store.region.empty()) return invalid("no region: give --region NAME" + how);
  if (config.store.path.empty()) return invalid("no data directory: give --data DIR" + how);
  const bool announces =
      !config.store.announce_redis.empty() || !config.store.announce_redis_tls.empty();
  if (config.redis_cluster && !announces) {
    return invalid("redis_cluster sends clients to the leader: give --announce-redis HOST:PORT" +
                   how + ", where they reach this member");
  }
  const bool has_sentinel = !config.sentinel.empty() || !config.sentinel_tls.empty();
  if (has_sentinel && config.sentinel_name.empty()) {
    return invalid("a Sentinel port tells of the leader by a name: give --sentinel-name NAME" +
                   how);
  }
  return {};
}

}  // namespace anabranch::server
