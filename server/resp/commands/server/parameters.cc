#include "server/resp/commands/server/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <iterator>
#include <optional>
#include <type_traits>

#include "control/verbs/words.h"
#include "core/text.h"
#include "server/file_limit.h"
#include "server/quantity.h"

namespace anabranch::server {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Form = Parameter::Form;
using control::same_word;

constexpr std::int64_t kNumberMax = std::numeric_limits<std::int32_t>::max();

// ---- Values.

const std::string& some_endpoint(const Host& host) {
  return host.endpoint.empty() ? host.tls_endpoint : host.endpoint;
}

std::string host_of(const std::string& endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }

std::string port_of(const std::string& endpoint) {
  return endpoint.empty() ? "0" : endpoint.substr(endpoint.rfind(':') + 1);
}

std::string octal(mode_t mode) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), mode, 8).ptr;
  return {digits.data(), end};
}

std::string clients_word(TlsFiles::Clients clients) {
  switch (clients) {
    case TlsFiles::Clients::kUnasked:
      return "no";
    case TlsFiles::Clients::kMay:
      return "optional";
    case TlsFiles::Clients::kMust:
      return "yes";
  }
  return {};
}

// There are no replicas and no subscribers; an answer beyond the limit of normal clients becomes an
// error, and they stay.
std::string output_limits(const Host& host) {
  return "normal " + std::to_string(host.options.output_bytes_max) +
         " 0 0 slave 0 0 0 pubsub 0 0 0";
}

// When a write is synced, in the words of Redis.
std::string sync_word(const Host& host) {
  const std::string durability = host.status().durability;
  return durability == "sync" ? "always" : durability == "interval" ? "everysec" : "no";
}

std::string bulk_bytes_max(const Host& host) {
  return std::to_string(std::min(host.options.parser.bulk_bytes_max, host.options.value_bytes_max));
}

// Of a limit among the options.
template <auto Member>
std::int64_t get(const Host& host) {
  return static_cast<std::int64_t>(host.options.*Member);
}
template <auto Member>
void set(Host& host, std::int64_t number) {
  host.options.*Member = static_cast<std::remove_cvref_t<decltype(host.options.*Member)>>(number);
}

// There are descriptors for so many: the text was looked at.
void set_clients(Host& host, std::int64_t number) {
  ServerOptions& options = host.options;
  options.clients_max = static_cast<std::size_t>(number);
  options.clients_room = std::max(options.clients_room, options.clients_max);
}
std::int64_t get_idle_seconds(const Host& host) { return host.options.idle_time_max.count(); }
void set_idle_seconds(Host& host, std::int64_t number) {
  host.options.idle_time_max = seconds(number);
}
std::int64_t get_idle_ms(const Host& host) {
  return milliseconds(host.options.idle_time_max).count();
}
void set_idle_ms(Host& host, std::int64_t ms) {
  host.options.idle_time_max = std::chrono::ceil<seconds>(milliseconds(ms));
}

std::int64_t get_stall(const Host& host) { return host.options.output_stall.count(); }
void set_stall(Host& host, std::int64_t ms) { host.options.output_stall = milliseconds(ms); }

void set_level(Host& host, std::int64_t level) {
  host.options.log_level = static_cast<LogLevel>(level);
  set_log_level(host.options.log_level);
}

std::int64_t get_latency(const Host& host) { return host.observed.latency().threshold().count(); }
void set_latency(Host& host, std::int64_t ms) {
  host.observed.set_latency_threshold(milliseconds(ms));
}

std::int64_t get_slow(const Host& host) { return host.observed.slow().threshold().count(); }
void set_slow(Host& host, std::int64_t us) { host.observed.set_slow_threshold(microseconds(us)); }

std::int64_t get_slow_length(const Host& host) {
  return static_cast<std::int64_t>(host.observed.slow().length());
}
void set_slow_length(Host& host, std::int64_t entries) {
  host.observed.slow().set_length(static_cast<std::size_t>(entries));
}

// ---- The rows.

// One that is always so, or as a setting says.
constexpr Parameter fixed(std::string_view name, std::string (*text)(const Host& host),
                          std::string_view setting = {}) {
  return {.name = name, .text = text, .setting = setting};
}

// A setting of our own that can change, in bytes.
template <auto Member>
constexpr Parameter size(std::string_view name, std::int64_t least) {
  return {
      .name = name, .number = get<Member>, .set = set<Member>, .form = Form::kSize, .least = least};
}

constexpr Parameter kFixed[] = {
    fixed("acl-pubsub-default", [](const Host&) { return std::string("resetchannels"); }),
    fixed(
        "aclfile", [](const Host& host) { return host.options.acl_file; }, "acl_file"),
    fixed("acllog-max-len", [](const Host&) { return std::to_string(DenialLog::kEntriesMax); }),
    fixed("appendonly", [](const Host&) { return std::string("yes"); }),
    fixed("appendfsync", sync_word, "durability"),
    fixed(
        "bind", [](const Host& host) { return host_of(some_endpoint(host)); }, "redis"),
    fixed("client-output-buffer-limit", output_limits),
    fixed("databases", [](const Host&) { return std::to_string(kDatabases); }),
    fixed("maxmemory", [](const Host&) { return std::string("0"); }),
    fixed("maxmemory-policy", [](const Host&) { return std::string("noeviction"); }),
    fixed("notify-keyspace-events", [](const Host&) { return std::string(); }),
    fixed(
        "port", [](const Host& host) { return port_of(host.endpoint); }, "redis"),
    fixed("proto-max-bulk-len", bulk_bytes_max, "value_bytes_max"),
    fixed("save", [](const Host&) { return std::string(); }),
    fixed(
        "tls-auth-clients", [](const Host& host) { return clients_word(host.options.tls.clients); },
        "tls_clients"),
    fixed(
        "tls-ca-cert-file", [](const Host& host) { return host.options.tls.clients_ca; },
        "tls_ca_file"),
    fixed(
        "tls-cert-file", [](const Host& host) { return host.options.tls.certificate; },
        "tls_cert_file"),
    fixed(
        "tls-key-file", [](const Host& host) { return host.options.tls.key; }, "tls_key_file"),
    fixed(
        "tls-port", [](const Host& host) { return port_of(host.tls_endpoint); }, "redis_tls"),
    fixed("tls-protocols", [](const Host&) { return std::string("TLSv1.2 TLSv1.3"); }),
    fixed(
        "unixsocket", [](const Host& host) { return host.options.socket_path; }, "redis_socket"),
    fixed(
        "unixsocketperm", [](const Host& host) { return octal(host.options.socket_mode); },
        "redis_socket_mode"),
};

// First those of Redis, then the settings of the program.
constexpr Parameter kChangeable[] = {
    {.name = "latency-monitor-threshold",
     .number = get_latency,
     .set = set_latency,
     .most = kNumberMax},
    {.name = "loglevel",
     .number = get<&ServerOptions::log_level>,
     .set = set_level,
     .form = Form::kRedisLevel},
    {.name = "maxclients",
     .number = get<&ServerOptions::clients_max>,
     .set = set_clients,
     .form = Form::kClients,
     .least = 1,
     .most = kNumberMax},
    {.name = "maxmemory-clients",
     .number = get<&ServerOptions::clients_bytes_max>,
     .set = set<&ServerOptions::clients_bytes_max>},
    {.name = "slowlog-log-slower-than",
     .number = get_slow,
     .set = set_slow,
     .least = -1,
     .most = kNumberMax},
    {.name = "slowlog-max-len",
     .number = get_slow_length,
     .set = set_slow_length,
     .most = static_cast<std::int64_t>(SlowLog::kEntriesMax)},
    {.name = "timeout", .number = get_idle_seconds, .set = set_idle_seconds, .most = kNumberMax},
    {.name = "clients_max",
     .number = get<&ServerOptions::clients_max>,
     .set = set_clients,
     .form = Form::kClients,
     .least = 1,
     .most = kNumberMax},
    size<&ServerOptions::clients_bytes_max>("clients_bytes_max", 0),
    {.name = "idle_ms_max",
     .number = get_idle_ms,
     .set = set_idle_ms,
     .form = Form::kTime,
     .most = kNumberMax},
    {.name = "log_level",
     .number = get<&ServerOptions::log_level>,
     .set = set_level,
     .form = Form::kLevel},
    size<&ServerOptions::output_bytes_total>("output_bytes_total", 1),
    size<&ServerOptions::output_bytes_max>("output_bytes_max", ServerOptions::kOutputBytesLeast),
    size<&ServerOptions::monitor_output_bytes_max>("monitor_output_bytes_max", 1),
    {.name = "output_stall_ms",
     .number = get_stall,
     .set = set_stall,
     .form = Form::kTime,
     .least = 1,
     .most = kNumberMax},
};

// One for what does not exist here.
constexpr Parameter kept(std::string_view name, std::int64_t usual, std::int64_t least,
                         std::int64_t most, std::string_view alias = {}) {
  return {.name = name, .alias = alias, .least = least, .most = most, .kept = usual};
}
constexpr Parameter kept(std::string_view name, bool usual) {
  return {.name = name, .form = Form::kYesNo, .most = 1, .kept = usual ? 1 : 0};
}

constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kLongMax = std::numeric_limits<std::int64_t>::max();

// With the numbers and bounds of Redis 7.0.
constexpr Parameter kKept[] = {
    kept("active-defrag-cycle-max", 25, 1, 99),
    kept("active-defrag-cycle-min", 1, 1, 99),
    kept("active-defrag-ignore-bytes", 104'857'600, 1, kLongMax),
    kept("active-defrag-max-scan-fields", 1000, 1, kLongMax),
    kept("active-defrag-threshold-lower", 10, 0, 1000),
    kept("active-defrag-threshold-upper", 100, 0, 1000),
    kept("active-expire-effort", 1, 1, 10),
    kept("activedefrag", false),
    kept("activerehashing", true),
    kept("dynamic-hz", true),
    kept("hash-max-listpack-entries", 512, 0, kLongMax, "hash-max-ziplist-entries"),
    kept("hash-max-listpack-value", 64, 0, kLongMax, "hash-max-ziplist-value"),
    kept("hll-sparse-max-bytes", 3000, 0, kLongMax),
    kept("hz", 10, 1, 500),
    kept("jemalloc-bg-thread", true),
    kept("lazyfree-lazy-eviction", false),
    kept("lazyfree-lazy-expire", false),
    kept("lazyfree-lazy-server-del", false),
    kept("lazyfree-lazy-user-del", false),
    kept("lazyfree-lazy-user-flush", false),
    kept("lfu-decay-time", 1, 0, kNumberMax),
    kept("lfu-log-factor", 10, 0, kNumberMax),
    kept("list-compress-depth", 0, 0, kNumberMax),
    kept("list-max-listpack-size", -2, kIntMin, kNumberMax, "list-max-ziplist-size"),
    kept("maxmemory-eviction-tenacity", 10, 0, 100),
    kept("maxmemory-samples", 5, 1, kNumberMax),
    kept("set-max-intset-entries", 512, 0, kLongMax),
    kept("stream-node-max-bytes", 4096, 0, kLongMax),
    kept("stream-node-max-entries", 100, 0, kLongMax),
    kept("zset-max-listpack-entries", 128, 0, kLongMax, "zset-max-ziplist-entries"),
    kept("zset-max-listpack-value", 64, 0, kLongMax, "zset-max-ziplist-value"),
};

constexpr auto kParameters = [] {
  std::array<Parameter, std::size(kFixed) + std::size(kChangeable) + std::size(kKept)> all{};
  auto end = std::ranges::copy(kFixed, all.begin()).out;
  end = std::ranges::copy(kChangeable, end).out;
  std::ranges::copy(kKept, end);
  return all;
}();

// ---- Words.

struct Word {
  std::string_view word;
  LogLevel level;
};

// Several words may mean one level, which is shown as the first of them.
constexpr Word kRedisLevels[] = {{"debug", LogLevel::kDebug},
                                 {"notice", LogLevel::kInfo},
                                 {"verbose", LogLevel::kInfo},
                                 {"warning", LogLevel::kWarning},
                                 {"nothing", LogLevel::kOff}};
constexpr Word kLogWords[] = {{"debug", LogLevel::kDebug},
                              {"info", LogLevel::kInfo},
                              {"warning", LogLevel::kWarning},
                              {"error", LogLevel::kError},
                              {"off", LogLevel::kOff}};

std::span<const Word> words_of(Form form) {
  return form == Form::kLevel ? std::span<const Word>(kLogWords) : kRedisLevels;
}

core::Result<std::int64_t> parse_level(Form form, std::string_view text) {
  std::string all;
  for (const Word& each : words_of(form)) {
    if (each.word == text) return static_cast<std::int64_t>(each.level);
    all.append(all.empty() ? "" : ", ").append(each.word);
  }
  return core::invalid("argument(s) must be one of the following: " + all);
}

// Redis knows no errors: they are shown as the warnings that they are there.
std::string level_word(Form form, std::int64_t level) {
  const LogLevel shown = form == Form::kRedisLevel && level == static_cast<int>(LogLevel::kError)
                             ? LogLevel::kWarning
                             : static_cast<LogLevel>(level);
  return std::string(std::ranges::find(words_of(form), shown, &Word::level)->word);
}

std::int64_t number_of(const Parameter& parameter, const Host& host) {
  if (!parameter.kept) return parameter.number(host);
  const auto found = host.kept_parameters.find(parameter.name);
  return found == host.kept_parameters.end() ? *parameter.kept : found->second;
}

core::Result<std::int64_t> parse_form(Form form, std::string_view text) {
  switch (form) {
    case Form::kYesNo:
      if (same_word(text, "yes")) return 1;
      if (same_word(text, "no")) return 0;
      return core::invalid("argument must be 'yes' or 'no'");
    case Form::kSize:
      return parse_size(text);
    case Form::kTime:
      return parse_time(text);
    case Form::kLevel:
    case Form::kRedisLevel:
      return parse_level(form, text);
    case Form::kNumber:
    case Form::kClients:
      break;
  }
  const std::optional<std::int64_t> number = core::parse_integer(text);
  if (!number) return core::invalid("argument couldn't be parsed into an integer");
  return *number;
}

}  // namespace

std::span<const Parameter> parameters() { return kParameters; }

const Parameter* find_parameter(std::string_view name) {
  const auto* const found = std::ranges::find_if(kParameters, [&](const Parameter& each) {
    return each.name == name || (!each.alias.empty() && each.alias == name);
  });
  return found == kParameters.end() ? nullptr : found;
}

std::string why_at_the_start(std::string_view setting) {
  return "the setting " + std::string(setting) +
         " is read at the start: change it in the file, the environment or the flags of the "
         "server, and start it anew";
}

void set_value(Host& host, const Parameter& parameter, std::int64_t number) {
  if (parameter.kept) {
    host.kept_parameters[parameter.name] = number;
  } else {
    parameter.set(host, number);
  }
}

std::string value_of(const Parameter& parameter, const Host& host) {
  if (parameter.text != nullptr) return parameter.text(host);
  const std::int64_t number = number_of(parameter, host);
  switch (parameter.form) {
    case Form::kYesNo:
      return number != 0 ? "yes" : "no";
    case Form::kSize:
      return size_text(number);
    case Form::kTime:
      return time_text(number);
    case Form::kLevel:
    case Form::kRedisLevel:
      return level_word(parameter.form, number);
    case Form::kNumber:
    case Form::kClients:
      break;
  }
  return std::to_string(number);
}

core::Result<std::int64_t> parse_value(const Host& host, const Parameter& parameter,
                                       std::string_view text) {
  if (!parameter.can_be_set() && parameter.setting.empty()) {
    return core::invalid("this parameter is always so here");
  }
  if (!parameter.can_be_set()) return core::invalid(why_at_the_start(parameter.setting));
  core::Result<std::int64_t> number = parse_form(parameter.form, text);
  if (!number.ok()) return number;
  if (number.value() < parameter.least || number.value() > parameter.most) {
    return core::invalid("argument must be between " + std::to_string(parameter.least) + " and " +
                         std::to_string(parameter.most) + " inclusive");
  }
  if (parameter.form == Form::kClients) {
    DescriptorNeeds needs = host.options.descriptors;
    needs.clients = static_cast<std::size_t>(number.value());
    const core::Result<DescriptorShares> shares = share_descriptors(needs);
    if (!shares.ok()) return shares.failure();
    if (const std::size_t most = shares.value().clients; most < needs.clients) {
      return core::invalid(
          "The operating system is not able to handle the specified number of clients, try with " +
          std::to_string(most));
    }
  }
  return number;
}

}  // namespace anabranch::server
