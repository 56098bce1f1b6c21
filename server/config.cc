#include "server/config.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <concepts>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

#include "control/verbs/policy_words.h"
#include "core/text.h"
#include "server/address.h"
#include "transport/address.h"

namespace anabranch::server {
namespace {

using core::invalid;
using core::Result;
using Values = std::vector<std::string>;
using Kind = Setting::Kind;

// ---- Setters: check one value and store it.

template <std::string Options::*Member>
Result<void> set_text(Config& config, const Values& values) {
  if (values.front().empty()) return invalid("must not be empty");
  config.store.*Member = values.front();
  return {};
}

Result<std::int64_t> positive(const std::string& text) {
  const auto number = core::parse_number<std::int64_t>(text);
  if (!number || *number <= 0) {
    return invalid("must be a positive integer, not '" + text + "'");
  }
  return *number;
}

template <auto Member>
Result<void> set_number(Config& config, const Values& values) {
  const Result<std::int64_t> number = positive(values.front());
  if (!number.ok()) return number.failure();
  auto& field = config.store.*Member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(number.value());
  return {};
}

// The same for a number of the server.
template <auto Member>
Result<void> set_own_number(Config& config, const Values& values) {
  const Result<std::int64_t> number = positive(values.front());
  if (!number.ok()) return number.failure();
  config.*Member = static_cast<std::uint64_t>(number.value());
  return {};
}

Result<void> set_listen(Config& config, const Values& values) {
  config.store.listen = values.front();
  if (values.front().empty()) return {};
  return transport::check_address(values.front(), transport::AddressUse::kListen);
}

template <auto Member>
Result<void> set_switch(Config& config, const Values& values) {
  const std::string& value = values.front();
  if (value != "true" && value != "false") {
    return invalid("must be true or false, not '" + value + "'");
  }
  config.store.*Member = value == "true";
  return {};
}

Result<void> set_no_control(Config& config, const Values& values) {
  const Result<void> set = set_switch<&Options::control>(config, values);
  if (set.ok()) config.store.control = !config.store.control;
  return set;
}

Result<void> set_peers(Config& config, const Values& values) {
  for (const std::string& text : values) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok()) return peer.failure();
  }
  config.store.peers = values;
  return {};
}

Result<void> set_policies(Config& config, const Values& values) {
  std::vector<PrefixPolicy> policies;
  for (const std::string& text : values) {
    auto policy = control::parse_prefix_policy(text);
    if (!policy.ok()) return policy.failure();
    policies.push_back(std::move(policy).value());
  }
  config.store.policies = std::move(policies);
  return {};
}

Result<void> set_redis(Config& config, const Values& values) {
  const bool none = values.front() == "none";
  if (const Result<Address> address = parse_address(values.front()); !none && !address.ok()) {
    return address.failure();
  }
  config.redis = none ? "" : values.front();
  return {};
}

Result<void> set_redis_tls(Config& config, const Values& values) {
  const Result<Address> address = parse_address(values.front());
  if (!address.ok()) return address.failure();
  config.redis_tls = values.front();
  return {};
}

// The same as set_text, for a text of the server.
template <std::string Config::*Member>
Result<void> set_own_text(Config& config, const Values& values) {
  if (values.front().empty()) return invalid("must not be empty");
  config.*Member = values.front();
  return {};
}

Result<void> set_socket_mode(Config& config, const Values& values) {
  const auto mode = core::parse_number<std::uint32_t, 8>(values.front());
  constexpr std::uint32_t kMost = 0777;
  if (!mode || *mode > kMost) {
    return invalid("must be the mode of a file in octal digits, such as 0660, not '" +
                   values.front() + "'");
  }
  config.redis_socket_mode = *mode;
  return {};
}

Result<void> set_insecure(Config& config, const Values& values) {
  const std::string& value = values.front();
  if (value != "true" && value != "false") {
    return invalid("must be true or false, not '" + value + "'");
  }
  config.redis_insecure = value == "true";
  return {};
}

Result<void> set_tls_clients(Config& config, const Values& values) {
  const std::string& value = values.front();
  if (value != "no" && value != "optional" && value != "yes") {
    return invalid("must be no, optional or yes, not '" + value + "'");
  }
  config.tls_clients = value;
  return {};
}

// Looks a value up in a table of {word, meaning}.
template <typename T, std::size_t N>
Result<T> choose(const std::array<std::pair<std::string_view, T>, N>& table,
                 const std::string& word, std::string_view words) {
  const auto* const row =
      std::ranges::find(table, word, [](const auto& each) { return each.first; });
  if (row == table.end()) return invalid("must be " + std::string(words) + ", not '" + word + "'");
  return row->second;
}

Result<void> set_compress(Config& config, const Values& values) {
  static constexpr std::array<std::pair<std::string_view, CompressLinks>, 3> kChoices{
      {{"never", CompressLinks::kNever},
       {"remote", CompressLinks::kRemote},
       {"always", CompressLinks::kAlways}}};
  const auto chosen = choose(kChoices, values.front(), "never, remote or always");
  if (!chosen.ok()) return chosen.failure();
  config.store.compress = chosen.value();
  return {};
}

Result<void> set_log_level(Config& config, const Values& values) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLevels{
      {{"debug", LogLevel::kDebug},
       {"info", LogLevel::kInfo},
       {"warning", LogLevel::kWarning},
       {"error", LogLevel::kError},
       {"off", LogLevel::kOff}}};
  const auto level = choose(kLevels, values.front(), "debug, info, warning, error or off");
  if (!level.ok()) return level.failure();
  config.log_level = level.value();
  return {};
}

constexpr std::array kSettings{
    Setting{"region", "--region", "NAME", "the region that this leader leads, such as eu-west",
            Kind::kText, set_text<&Options::region>},
    Setting{"data", "--data", "DIR", "where the data is; made when absent", Kind::kText,
            set_text<&Options::path>},
    Setting{"listen", "--listen", "ADDRESS",
            "where other leaders connect, such as tcp://127.0.0.1:7400; port 0: any free one",
            Kind::kText, set_listen},
    Setting{"peers", "--peer", "ADDRESS",
            "another leader to connect to, with keys as REGION@ADDRESS; once for each",
            Kind::kTexts, set_peers, "peer", "--peers"},
    Setting{"follower", "--follower", "",
            "copies a leader of its region and serves reads, until it is promoted", Kind::kSwitch,
            set_switch<&Options::follower>},
    Setting{"keys_file", "--keys-file", "FILE",
            "this region's secret keys, made by `anabranch keys new`", Kind::kText,
            set_text<&Options::keys_file>},
    Setting{"peers_keys_file", "--peers-keys-file", "FILE",
            "the public keys of all regions, a line each", Kind::kText,
            set_text<&Options::peers_keys_file>},
    Setting{"insecure", "--insecure", "",
            "without keys, listen on and dial addresses of other machines too", Kind::kSwitch,
            set_switch<&Options::insecure>},
    Setting{"no_control", "--no-control", "",
            "does not take the commands of this program on the socket DIR/control", Kind::kSwitch,
            set_no_control},
    Setting{"compress", "--compress", "WHICH",
            "which links to leaders are compressed: never, remote or always (remote)", Kind::kText,
            set_compress},
    Setting{"redis", "--redis", "HOST:PORT",
            "where Redis clients connect (127.0.0.1:6400); port 0: any free one; none: nowhere",
            Kind::kText, set_redis},
    Setting{"redis_tls", "--redis-tls", "HOST:PORT",
            "where Redis clients connect with TLS; those of other machines need a password",
            Kind::kText, set_redis_tls},
    Setting{"redis_socket", "--redis-socket", "PATH", "a socket for Redis clients on this machine",
            Kind::kText, set_own_text<&Config::redis_socket>},
    Setting{"redis_socket_mode", "--redis-socket-mode", "MODE", "its mode (0600)", Kind::kText,
            set_socket_mode},
    Setting{"redis_insecure", "--redis-insecure", "",
            "Redis clients of other machines need no TLS and no password", Kind::kSwitch,
            set_insecure},
    Setting{"tls_cert_file", "--tls-cert-file", "FILE",
            "the certificate of this server and those up to its root, PEM", Kind::kText,
            set_own_text<&Config::tls_cert_file>},
    Setting{"tls_key_file", "--tls-key-file", "FILE", "its key, PEM; mode 0600", Kind::kText,
            set_own_text<&Config::tls_key_file>},
    Setting{"tls_ca_file", "--tls-ca-file", "FILE", "the roots of clients' certificates, PEM",
            Kind::kText, set_own_text<&Config::tls_ca_file>},
    Setting{"tls_clients", "--tls-clients", "WHICH",
            "whether clients show a certificate: no, optional or yes (no)", Kind::kText,
            set_tls_clients},
    Setting{"acl_file", "--acl-file", "FILE",
            "the users of the Redis port and their rights, a line each as in Redis; mode 0600",
            Kind::kText, set_own_text<&Config::acl_file>},
    Setting{
        "clients_bytes_max", "--clients-bytes-max", "N",
        "bytes that all Redis clients may hold, in answers and requests; beyond, those that hold "
        "the most are closed",
        Kind::kNumber, set_own_number<&Config::clients_bytes_max>},
    Setting{"idle_seconds_max", "--idle-seconds-max", "N",
            "a Redis client that sends nothing for so long is closed (never)", Kind::kNumber,
            set_own_number<&Config::idle_seconds_max>},
    Setting{"output_bytes_total", "--output-bytes-total", "N",
            "bytes of answers that wait to be sent, over all Redis clients (134217728)",
            Kind::kNumber, set_own_number<&Config::output_bytes_total>},
    Setting{"output_bytes_max", "--output-bytes-max", "N",
            "bytes of answers that wait for one Redis client; an answer beyond becomes an error "
            "(268435456)",
            Kind::kNumber, set_own_number<&Config::output_bytes_max>},
    Setting{"monitor_output_bytes_max", "--monitor-output-bytes-max", "N",
            "bytes that wait for a client of MONITOR; beyond, it is closed (1048576)",
            Kind::kNumber, set_own_number<&Config::monitor_output_bytes_max>},
    Setting{"output_stall_ms", "--output-stall-ms", "N",
            "a client that has not read for so long is closed when others wait for room (5000)",
            Kind::kNumber, set_own_number<&Config::output_stall_ms>},
    Setting{"policy", "--policy", "POLICY",
            "a policy that this region proposes, as KIND DATABASE PREFIX, such as \"max 0 bids/\"; "
            "once for each",
            Kind::kTexts, set_policies},
    Setting{"conflicts_bytes_max", "--conflicts-bytes-max", "N",
            "bytes of values that lost, kept in the conflict log for 30 days (67108864); 0: none",
            Kind::kNumber, set_number<&Options::conflicts_bytes_max>},
    Setting{"mesh", "--mesh", "NAME", "leaders of another mesh are refused (anabranch)",
            Kind::kText, set_text<&Options::mesh>},
    Setting{"log_level", "--log-level", "LEVEL", "debug, info, warning, error or off (info)",
            Kind::kText, set_log_level},
    Setting{"value_bytes_max", "--value-bytes-max", "N", "the most bytes of one value",
            Kind::kNumber, set_number<&Options::value_bytes_max>},
    Setting{"transaction_bytes_max", "--transaction-bytes-max", "N",
            "the most bytes of one transaction", Kind::kNumber,
            set_number<&Options::transaction_bytes_max>},
    Setting{"map_bytes", "--map-bytes", "N", "address space for the data, the most it can hold",
            Kind::kNumber, set_number<&Options::map_bytes>},
    Setting{"log_bytes_min", "--log-bytes-min", "N",
            "bytes of log that are kept although every region has them (67108864)", Kind::kNumber,
            set_number<&Options::log_bytes_min>},
    Setting{"log_bytes_max", "--log-bytes-max", "N",
            "bytes of log that are kept for regions that lack them (1073741824)", Kind::kNumber,
            set_number<&Options::log_bytes_max>},
    Setting{"log_age_ms_max", "--log-age-ms-max", "N",
            "for how long log is kept for regions that lack it (604800000, a week)", Kind::kNumber,
            set_number<&Options::log_age_ms_max>},
    Setting{"reserve_bytes", "--reserve-bytes", "N",
            "with less than this free on the disk, writes that add are refused (64 MiB)",
            Kind::kNumber, set_number<&Options::reserve_bytes>},
    Setting{"clock_drift_ms_max", "--clock-drift-ms-max", "N",
            "how far this clock follows another leader's that is ahead", Kind::kNumber,
            set_number<&Options::clock_drift_ms_max>},
    Setting{"expiry_wait_ms_max", "--expiry-wait-ms-max", "N",
            "how long a region that is away keeps expired keys from being cleared (a day)",
            Kind::kNumber, set_number<&Options::expiry_wait_ms_max>},
    Setting{"once_ms", "--once-ms", "N",
            "for how long the ids of ANABRANCH ONCE are remembered, at least (a day)",
            Kind::kNumber, set_number<&Options::once_ms>},
    Setting{"once_max", "--once-max", "N",
            "how many ids of ANABRANCH ONCE are remembered at most (1000000)", Kind::kNumber,
            set_number<&Options::once_max>},
    Setting{"expiry_grace_ms", "--expiry-grace-ms", "N",
            "when others clear what the region that set a deadline does not (60000)", Kind::kNumber,
            set_number<&Options::expiry_grace_ms>},
};

constexpr std::string_view kVariable = "ANABRANCH_";

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string place(std::string_view name, const toml::source_region& source) {
  return std::string(name) + ':' + std::to_string(source.begin.line) + ':' +
         std::to_string(source.begin.column) + ": ";
}

std::string unknown_key(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : kSettings) keys.push_back(setting.key);
  std::string text = "unknown key '" + std::string(key) + "'";
  const std::string_view near = nearest(key, keys);
  if (!near.empty()) text += "; did you mean '" + std::string(near) + "'?";
  return text;
}

// Returns the values of a node; fails with the expected kind.
Result<Values> values_of(const toml::node& node, Kind kind) {
  switch (kind) {
    case Kind::kText:
      if (const auto* text = node.as_string()) return Values{text->get()};
      return invalid("must be a string");
    case Kind::kNumber:
      if (const auto* number = node.as_integer()) return Values{std::to_string(number->get())};
      return invalid("must be an integer");
    case Kind::kSwitch:
      if (const auto* flag = node.as_boolean()) return Values{flag->get() ? "true" : "false"};
      return invalid("must be true or false");
    case Kind::kTexts:
      break;
  }
  const toml::array* const array = node.as_array();
  Values values;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if (const auto* text = (*array)[i].as_string()) values.push_back(text->get());
  }
  if (array == nullptr || values.size() != array->size()) {
    return invalid("must be a list of strings");
  }
  return values;
}

const Setting* find_setting(std::string_view key) {
  const auto* const found = std::ranges::find_if(kSettings, [&](const Setting& setting) {
    return setting.key == key || (!setting.also.empty() && setting.also == key);
  });
  return found == kSettings.end() ? nullptr : found;
}

std::string given_twice(std::string_view name, std::string_view other) {
  return std::string(name) + ": is the same as " + std::string(other) + ", which is given, too";
}

// Applies one key of the file. Returns the error; empty if there is none.
std::string apply_key(const toml::key& key, const toml::table& table, std::string_view name,
                      Config& config) {
  const Setting* const setting = find_setting(key.str());
  if (setting == nullptr) return place(name, key.source()) + unknown_key(key.str());
  if (key.str() != setting->key && table.contains(setting->key)) {
    return place(name, key.source()) + given_twice(key.str(), setting->key);
  }
  const toml::node& node = *table.get(key.str());
  const Result<Values> values = values_of(node, setting->kind);
  const Result<void> done =
      values.ok() ? setting->set(config, values.value()) : Result<void>(values.failure());
  if (done.ok()) return {};
  return place(name, node.source()) + std::string(key.str()) + ": " + done.failure().message;
}

Values split(std::string_view text) {
  Values parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

Result<void> apply_named(std::string_view name, const Setting& setting, const Values& values,
                         Config& config) {
  const Result<void> done = setting.set(config, values);
  if (done.ok()) return {};
  return invalid(std::string(name) + ": " + done.failure().message);
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

TlsFiles tls_files(const Config& config) {
  const auto clients = config.tls_clients == "yes"        ? TlsFiles::Clients::kMust
                       : config.tls_clients == "optional" ? TlsFiles::Clients::kMay
                                                          : TlsFiles::Clients::kUnasked;
  return {config.tls_cert_file, config.tls_key_file, config.tls_ca_file, clients};
}

std::string environment_name(std::string_view key) {
  std::string name(kVariable);
  std::ranges::transform(key, std::back_inserter(name), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::vector<std::string> apply_toml(std::string_view text, std::string_view name, Config& config) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    return {place(name, error.source()) + std::string(error.description())};
  }
  std::vector<std::pair<toml::source_position, std::string>> problems;
  for (const auto& [key, node] : table) {
    std::string problem = apply_key(key, table, name, config);
    if (!problem.empty()) problems.emplace_back(key.source().begin, std::move(problem));
  }
  std::ranges::sort(problems, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> lines;
  for (auto& [position, problem] : problems) lines.push_back(std::move(problem));
  return lines;
}

std::vector<std::string> apply_file(const std::string& path, Config& config) {
  errno = 0;
  std::ifstream file(path);
  std::ostringstream text;
  // Opening a directory succeeds, only reading it fails.
  if (file) text << file.rdbuf();
  if (!file || errno == EISDIR) {
    return {"cannot read " + path + ": " + std::strerror(errno != 0 ? errno : EIO)};
  }
  return apply_toml(text.str(), path, config);
}

Result<void> apply_environment(const std::function<const char*(const char*)>& variable,
                               Config& config) {
  for (const Setting& setting : kSettings) {
    std::string name = environment_name(setting.key);
    const char* value = variable(name.c_str());
    if (!setting.also.empty()) {
      const std::string also = environment_name(setting.also);
      const char* const other = variable(also.c_str());
      if (other != nullptr && value != nullptr) return invalid(given_twice(also, name));
      if (other != nullptr) {
        name = also;
        value = other;
      }
    }
    if (value == nullptr) continue;
    const Values values = setting.kind == Kind::kTexts ? split(value) : Values{value};
    Result<void> done = apply_named(name, setting, values, config);
    if (!done.ok()) return done;
  }
  return {};
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names) {
  std::vector<std::string> known{"ANABRANCH_CONFIG", "ANABRANCH_PASSWORD"};
  for (const Setting& setting : kSettings) {
    known.push_back(environment_name(setting.key));
    if (!setting.also.empty()) known.push_back(environment_name(setting.also));
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (!name.starts_with(kVariable) || name.starts_with("ANABRANCH_TEST_")) continue;
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string_view near = nearest(name, views);
    lines.push_back("the variable " + name + " is no setting and does nothing" +
                    (near.empty() ? "; see anabranch serve --help"
                                  : "; did you mean " + std::string(near) + "?"));
  }
  return lines;
}

Result<void> apply_flag(const Setting& setting, const Values& values, Config& config) {
  const bool is_switch = setting.kind == Kind::kSwitch;
  return apply_named(setting.flag, setting, is_switch ? Values{"true"} : values, config);
}

Result<void> check_complete(const Config& config) {
  constexpr std::string_view kHow = " (flag, environment or file)";
  if (config.store.region.empty()) {
    return invalid("no region: give --region NAME" + std::string(kHow));
  }
  if (config.store.path.empty()) {
    return invalid("no data directory: give --data DIR" + std::string(kHow));
  }
  return {};
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < std::min(best_distance, name.size())) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace anabranch::server
