#include "server/resp/commands/server/config_verbs.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/pattern.h"
#include "server/resp/commands/server/parameters.h"

namespace anabranch::server {
namespace {

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

void get(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  std::vector<std::string> patterns;
  for (std::size_t i = 2; i < call.size(); ++i) {
    const std::optional<std::string_view> pattern = take_pattern(call, i);
    if (!pattern) return;
    patterns.push_back(in_lower_case(*pattern));
  }
  const auto asked = [&](std::string_view name) {
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return matches(pattern, name); });
  };
  const auto tell = [&](std::string_view name, const std::string& value) {
    call.reply().bulk(name);
    call.reply().bulk(value);
    ++found;
  };
  for (const Parameter& each : parameters()) {
    if (asked(each.name)) tell(each.name, value_of(each, call.host));
    if (!each.alias.empty() && asked(each.alias)) tell(each.alias, value_of(each, call.host));
  }
  for (const auto& [name, value] : call.host.options.settings) {
    if (asked(name) && find_parameter(name) == nullptr) tell(name, value);
  }
  call.reply().enclose(mark, Writer::Aggregate::kMap, found);
}

struct NewValue {
  const Parameter* parameter;
  std::int64_t number;
};

[[noreturn]] void refuse(std::string_view name, const std::string& why) {
  throw Error(ErrorCode::kInvalid, "CONFIG SET failed (possibly related to argument '" +
                                       std::string(name) + "') - " + why);
}

// Throws unless this is a setting of the program, and has this value already.
void check_unchanged(const Host& host, const std::string& name, std::string_view value) {
  const auto& settings = host.options.settings;
  const auto found = std::ranges::find(settings, name, [](const auto& each) { return each.first; });
  if (found == settings.end()) {
    throw Error(ErrorCode::kInvalid,
                "Unknown option or number of arguments for CONFIG SET - '" + name + "'");
  }
  if (found->second != value) refuse(name, why_at_the_start(name));
}

// Returns the setting in the words; nullopt if it changes nothing. Throws if it is refused.
std::optional<NewValue> take_setting(const Host& host, const std::string& name,
                                     std::string_view value) {
  const Parameter* const found = find_parameter(name);
  if (found == nullptr) {
    check_unchanged(host, name, value);
    return std::nullopt;
  }
  if (value_of(*found, host) == value) return std::nullopt;
  const core::Result<std::int64_t> number = parse_value(host, *found, value);
  if (!number.ok()) refuse(name, number.failure().message);
  return NewValue{found, number.value()};
}

// Sets all, or none.
void set(Call& call) {
  if (call.size() % 2 != 0) return call.reply().error(arity_error("config|set"));
  std::vector<std::string> names;
  std::vector<NewValue> settings;
  for (std::size_t i = 2; i < call.size(); i += 2) {
    names.push_back(in_lower_case(call[i]));
    if (std::ranges::count(names, names.back()) > 1) refuse(names.back(), "duplicate parameter");
    const auto setting = take_setting(call.host, names.back(), call[i + 1]);
    if (setting) settings.push_back(*setting);
  }
  for (const NewValue& each : settings) set_value(call.host, *each.parameter, each.number);
  call.reply().ok();
}

void rewrite(Call& call) {
  call.reply().error("ERR CONFIG REWRITE is refused: the server does not write its configuration");
}

void resetstat(Call& call) {
  call.host.statistics = {};
  call.host.observed.reset_counts();
  call.host.concerns.counts() = {};
  call.reply().ok();
}

constexpr Command kConfigVerbs[] = {
    {.name = "get",
     .arity = -3,
     .flags = kAdmin | kFewNames,
     .run = get,
     .since = "2.0.0",
     .usage = "pattern [pattern ...]",
     .help = "The parameters whose names match: those of Redis, and all settings of the server.",
     .complexity = "O(N), N the number of parameters"},
    {.name = "set",
     .arity = -4,
     .flags = kAdmin | kNoted | kFewNames,
     .run = set,
     .since = "2.0.0",
     .usage = "parameter value [parameter value ...]",
     .help =
         "Sets the parameters that can change while the server runs: slowlog-log-slower-than, "
         "slowlog-max-len, latency-monitor-threshold, loglevel, maxclients, "
         "maxmemory-clients, timeout, and of the settings of the server log_level, clients_max, "
         "clients_bytes_max, idle_ms_max, output_bytes_total, output_bytes_max, "
         "output_stall_ms, monitor_output_bytes_max. Numbers of Redis for what does not exist "
         "here, "
         "such as hash-max-listpack-entries, are kept and change nothing. A restart begins with "
         "the "
         "settings.",
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

std::span<const Command> config_verbs() { return kConfigVerbs; }

}  // namespace anabranch::server
