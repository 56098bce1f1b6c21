#include "server/config.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <utility>

#include "control/verbs/policy_words.h"
#include "core/text.h"
#include "server/address.h"
#include "server/quantity.h"
#include "transport/address.h"

namespace anabranch::server {
namespace {

using core::invalid;
using core::Result;
using Values = std::vector<std::string>;
using Kind = Setting::Kind;

// ---- Access: checks one value and stores it, and reads it again.

std::string as_text(const std::string& value) { return value; }
std::string as_text(bool value) { return value ? "true" : "false"; }
template <typename Number>
std::string as_text(Number value) requires std::integral<Number> {
  return std::to_string(value);
}

Values one_or_none(std::string text) { return text.empty() ? Values{} : Values{std::move(text)}; }

template <auto Member>
Values get_member(const Config& config) {
  if constexpr (requires { config.*Member; }) {
    return one_or_none(as_text(config.*Member));
  } else {
    return one_or_none(as_text(config.store.*Member));
  }
}

template <auto Member>
auto& member_of(Config& config) {
  if constexpr (requires { config.*Member; }) {
    return config.*Member;
  } else {
    return config.store.*Member;
  }
}

template <auto Member>
Result<void> store_text(Config& config, const Values& values) {
  if (values.front().empty()) return invalid("must not be empty");
  member_of<Member>(config) = values.front();
  return {};
}

template <auto Member>
constexpr Access set_text{store_text<Member>, get_member<Member>};

template <auto Member, std::int64_t Least>
Result<void> store_number(Config& config, const Values& values) {
  const auto number = core::parse_number<std::int64_t>(values.front());
  if (!number || *number < Least) {
    return invalid(std::string(Least > 0 ? "must be a positive integer" : "must be an integer") +
                   ", not '" + values.front() + "'");
  }
  auto& field = member_of<Member>(config);
  field = static_cast<std::remove_reference_t<decltype(field)>>(*number);
  return {};
}

template <auto Member>
constexpr Access set_number{store_number<Member, 1>, get_member<Member>};
// The same for a number that may be 0.
template <auto Member>
constexpr Access set_number_or_none{store_number<Member, 0>, get_member<Member>};

Result<void> store_listen(Config& config, const Values& values) {
  config.store.listen = values.front();
  if (values.front().empty()) return {};
  return transport::check_address(values.front(), transport::AddressUse::kListen);
}

constexpr Access set_listen{store_listen, get_member<&Options::listen>};

Result<bool> parse_switch(const std::string& value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return invalid("must be true or false, not '" + value + "'");
}

template <auto Member>
Result<void> store_switch(Config& config, const Values& values) {
  const Result<bool> value = parse_switch(values.front());
  if (!value.ok()) return value.failure();
  config.store.*Member = value.value();
  return {};
}

template <auto Member>
constexpr Access set_switch{store_switch<Member>, get_member<Member>};

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

Result<void> store_redis(Config& config, const Values& values) {
  const Result<Address> address = parse_address(values.front());
  if (!address.ok()) return address.failure();
  config.redis = values.front();
  return {};
}

constexpr Access set_redis{store_redis, get_member<&Config::redis>};

// Looks a value up in a table of {word, meaning}.
template <typename T, std::size_t N>
Result<T> choose(const std::array<std::pair<std::string_view, T>, N>& table,
                 const std::string& word, std::string_view words) {
  const auto* const row =
      std::ranges::find(table, word, [](const auto& each) { return each.first; });
  if (row == table.end()) return invalid("must be " + std::string(words) + ", not '" + word + "'");
  return row->second;
}

// Returns the word for a meaning.
template <typename T, std::size_t N>
Values word_of(const std::array<std::pair<std::string_view, T>, N>& table, T meaning) {
  const auto* const row =
      std::ranges::find(table, meaning, [](const auto& each) { return each.second; });
  return row == table.end() ? Values{} : Values{std::string(row->first)};
}

constexpr std::array<std::pair<std::string_view, CompressLinks>, 3> kCompress{
    {{"never", CompressLinks::kNever},
     {"remote", CompressLinks::kRemote},
     {"always", CompressLinks::kAlways}}};

Result<void> store_compress(Config& config, const Values& values) {
  const auto chosen = choose(kCompress, values.front(), "never, remote or always");
  if (!chosen.ok()) return chosen.failure();
  config.store.compress = chosen.value();
  return {};
}

constexpr Access set_compress{
    store_compress, [](const Config& config) { return word_of(kCompress, config.store.compress); }};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLevels{
    {{"debug", LogLevel::kDebug},
     {"info", LogLevel::kInfo},
     {"warning", LogLevel::kWarning},
     {"error", LogLevel::kError},
     {"off", LogLevel::kOff}}};

Result<void> store_log_level(Config& config, const Values& values) {
  const auto level = choose(kLevels, values.front(), "debug, info, warning, error or off");
  if (!level.ok()) return level.failure();
  config.log_level = level.value();
  return {};
}

constexpr Access set_log_level{
    store_log_level, [](const Config& config) { return word_of(kLevels, config.log_level); }};

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
    Setting{"redis", "--redis", "HOST:PORT", "where Redis clients connect; port 0: any free one",
            Kind::kText, set_redis},
    Setting{"output_bytes_total", "--output-bytes-total", "SIZE",
            "bytes of answers that wait to be sent, over all Redis clients", Kind::kSize,
            set_number<&Config::output_bytes_total>},
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
    Setting{"value_bytes_max", "--value-bytes-max", "SIZE", "the most bytes of one value",
            Kind::kSize, set_number<&Options::value_bytes_max>},
    Setting{"transaction_bytes_max", "--transaction-bytes-max", "SIZE",
            "the most bytes of one transaction", Kind::kSize,
            set_number<&Options::transaction_bytes_max>},
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
  constexpr std::string_view kHow = " (flag, environment or file)";
  if (config.store.region.empty()) {
    return invalid("no region: give --region NAME" + std::string(kHow));
  }
  if (config.store.path.empty()) {
    return invalid("no data directory: give --data DIR" + std::string(kHow));
  }
  return {};
}

}  // namespace anabranch::server
