#include "server/resp/commands/server/config_verbs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/text.h"
#include "server/pattern.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Parameter {
  std::string_view name;
  std::string (*value)(const Host& host);
  // Sets a number between `least` and `most`; null: the value comes from the settings, at the
  // start.
  void (*set)(Host& host, std::int64_t number) = nullptr;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

constexpr std::int64_t kNumberMax = std::numeric_limits<std::int32_t>::max();

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

constexpr Parameter kParameters[] = {
    {"acl-pubsub-default", [](const Host&) { return std::string("resetchannels"); }},
    {"aclfile", [](const Host& host) { return host.options.acl_file; }},
    {"acllog-max-len", [](const Host&) { return std::to_string(DenialLog::kEntriesMax); }},
    {"appendonly", [](const Host&) { return std::string("yes"); }},
    {"appendfsync", [](const Host&) { return std::string("always"); }},
    {"bind", [](const Host& host) { return host_of(some_endpoint(host)); }},
    {"client-output-buffer-limit", output_limits},
    {"databases", [](const Host&) { return std::to_string(kDatabases); }},
    {"latency-monitor-threshold",
     [](const Host& host) { return std::to_string(host.observed.latency().threshold().count()); },
     [](Host& host, std::int64_t ms) { host.observed.set_latency_threshold(milliseconds(ms)); }, 0,
     kNumberMax},
    {"maxclients", [](const Host& host) { return std::to_string(host.options.connections_max); }},
    {"maxmemory-clients", [](const Host& host) { return std::to_string(host.clients_bytes_max); },
     [](Host& host, std::int64_t bytes) {
       host.clients_bytes_max = static_cast<std::size_t>(bytes);
     }},
    {"maxmemory", [](const Host&) { return std::string("0"); }},
    {"maxmemory-policy", [](const Host&) { return std::string("noeviction"); }},
    {"notify-keyspace-events", [](const Host&) { return std::string(); }},
    {"port", [](const Host& host) { return port_of(host.endpoint); }},
    {"proto-max-bulk-len",
     [](const Host& host) {
       return std::to_string(
           std::min(host.options.parser.bulk_bytes_max, host.options.value_bytes_max));
     }},
    {"save", [](const Host&) { return std::string(); }},
    {"slowlog-log-slower-than",
     [](const Host& host) { return std::to_string(host.observed.slow().threshold().count()); },
     [](Host& host, std::int64_t us) { host.observed.set_slow_threshold(microseconds(us)); }, -1,
     kNumberMax},
    {"slowlog-max-len",
     [](const Host& host) { return std::to_string(host.observed.slow().length()); },
     [](Host& host, std::int64_t entries) {
       host.observed.slow().set_length(static_cast<std::size_t>(entries));
     },
     0, static_cast<std::int64_t>(SlowLog::kEntriesMax)},
    {"timeout", [](const Host& host) { return std::to_string(host.idle_time_max.count()); },
     [](Host& host, std::int64_t seconds) { host.idle_time_max = std::chrono::seconds(seconds); },
     0, kNumberMax},
    {"tls-auth-clients", [](const Host& host) { return clients_word(host.options.tls.clients); }},
    {"tls-ca-cert-file", [](const Host& host) { return host.options.tls.clients_ca; }},
    {"tls-cert-file", [](const Host& host) { return host.options.tls.certificate; }},
    {"tls-key-file", [](const Host& host) { return host.options.tls.key; }},
    {"tls-port", [](const Host& host) { return port_of(host.tls_endpoint); }},
    {"tls-protocols", [](const Host&) { return std::string("TLSv1.2 TLSv1.3"); }},
    {"unixsocket", [](const Host& host) { return host.options.socket_path; }},
    {"unixsocketperm", [](const Host& host) { return octal(host.options.socket_mode); }},
};

// Parameters of Redis for what does not exist here: setting them changes nothing, as in Redis
// nobody sees a difference.
constexpr std::array<std::string_view, 16> kWithoutEffect{
    "activedefrag",
    "activerehashing",
    "dynamic-hz",
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "hash-max-ziplist-entries",
    "hash-max-ziplist-value",
    "hz",
    "lazyfree-lazy-eviction",
    "lazyfree-lazy-expire",
    "lazyfree-lazy-server-del",
    "lazyfree-lazy-user-del",
    "lazyfree-lazy-user-flush",
    "list-max-listpack-size",
    "set-max-intset-entries",
    "zset-max-listpack-entries",
};

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

void get(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  for (const Parameter& parameter : kParameters) {
    const auto named = [&](std::string_view word) {
      return matches(in_lower_case(word), parameter.name);
    };
    if (std::ranges::none_of(call.arguments.subspan(2), named)) continue;
    call.reply().bulk(parameter.name);
    call.reply().bulk(parameter.value(call.host));
    ++found;
  }
  call.reply().enclose(mark, Writer::Aggregate::kMap, found);
}

struct Setting {
  const Parameter* parameter;
  std::int64_t number;
};

[[noreturn]] void refuse(std::string_view name, const std::string& why) {
  throw Error(ErrorCode::kInvalid, "CONFIG SET failed (possibly related to argument '" +
                                       std::string(name) + "') - " + why);
}

// Returns the setting in the words; nullopt if it changes nothing. Throws if it is refused.
std::optional<Setting> take_setting(const Host& host, const std::string& name,
                                    std::string_view value) {
  const auto* const found = std::ranges::find(kParameters, name, &Parameter::name);
  if (found == std::end(kParameters)) {
    if (std::ranges::count(kWithoutEffect, name) > 0) return std::nullopt;
    throw Error(ErrorCode::kInvalid,
                "Unknown option or number of arguments for CONFIG SET - '" + name + "'");
  }
  if (found->value(host) == value) return std::nullopt;
  if (found->set == nullptr) {
    refuse(name, "this parameter comes from the file, the environment and flags of the server");
  }
  const std::optional<std::int64_t> number = core::parse_integer(value);
  if (!number) refuse(name, "argument couldn't be parsed into an integer");
  if (*number < found->least || *number > found->most) {
    refuse(name, "argument must be between " + std::to_string(found->least) + " and " +
                     std::to_string(found->most) + " inclusive");
  }
  return Setting{found, *number};
}

// Sets all, or none.
void set(Call& call) {
  if (call.size() % 2 != 0) return call.reply().error(arity_error("config|set"));
  std::vector<std::string> names;
  std::vector<Setting> settings;
  for (std::size_t i = 2; i < call.size(); i += 2) {
    names.push_back(in_lower_case(call[i]));
    if (std::ranges::count(names, names.back()) > 1) refuse(names.back(), "duplicate parameter");
    const auto setting = take_setting(call.host, names.back(), call[i + 1]);
    if (setting) settings.push_back(*setting);
  }
  for (const Setting& each : settings) each.parameter->set(call.host, each.number);
  call.reply().ok();
}

void rewrite(Call& call) {
  call.reply().error("ERR CONFIG REWRITE is refused: the server does not write its configuration");
}

void resetstat(Call& call) {
  call.host.statistics = {};
  call.host.observed.reset_counts();
  call.reply().ok();
}

constexpr Command kVerbs[] = {
    {.name = "get",
     .arity = -3,
     .flags = kAdmin,
     .run = get,
     .since = "2.0.0",
     .usage = "pattern [pattern ...]",
     .help = "The parameters whose names match.",
     .complexity = "O(N), N the number of parameters"},
    {.name = "set",
     .arity = -4,
     .flags = kAdmin | kNoted,
     .run = set,
     .since = "2.0.0",
     .usage = "parameter value [parameter value ...]",
     .help = "Sets the parameters that can change while the server runs: slowlog-log-slower-than, "
             "slowlog-max-len, latency-monitor-threshold, maxmemory-clients, timeout.",
     .complexity = "O(N), N the number of parameters"},
    {.name = "rewrite",
     .arity = 2,
     .flags = kAdmin,
     .run = rewrite,
     .since = "2.8.0",
     .help = "Is refused: the server does not write its configuration.",
     .complexity = "O(1)"},
    {.name = "resetstat",
     .arity = 2,
     .flags = kAdmin,
     .run = resetstat,
     .since = "2.0.0",
     .help = "Starts counting from zero.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "5.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> config_verbs() { return kVerbs; }

}  // namespace anabranch::server
