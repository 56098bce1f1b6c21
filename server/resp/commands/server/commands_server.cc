// The server: its identity, statistics and capabilities.

#include <string>

#include "core/wall_clock.h"
#include "server/resp/command.h"
#include "server/resp/commands/pattern.h"
#include "server/resp/commands/server/info.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

void info(Call& call) {
  call.reply().verbatim(make_info(call.host, call.scope, call.arguments.subspan(1)));
}

void time(Call& call) {
  const core::Millis now = core::SystemClock().now_ms();
  call.reply().array(2);
  call.reply().bulk(std::to_string(now / 1000));
  call.reply().bulk(std::to_string(now % 1000 * 1000));
}

// ---- CONFIG: the parameters that clients and redis-benchmark read. None is set at run time.

struct Parameter {
  std::string_view name;
  std::string (*value)(const Host& host);
};

constexpr Parameter kParameters[] = {
    {"appendonly", [](const Host&) { return std::string("yes"); }},
    {"appendfsync", [](const Host&) { return std::string("always"); }},
    {"bind", [](const Host& host) { return host.endpoint.substr(0, host.endpoint.rfind(':')); }},
    {"databases", [](const Host&) { return std::to_string(kDatabases); }},
    {"maxclients", [](const Host& host) { return std::to_string(host.options.connections_max); }},
    {"maxmemory", [](const Host&) { return std::string("0"); }},
    {"maxmemory-policy", [](const Host&) { return std::string("noeviction"); }},
    {"port", [](const Host& host) { return host.endpoint.substr(host.endpoint.rfind(':') + 1); }},
    {"proto-max-bulk-len",
     [](const Host& host) { return std::to_string(host.options.parser.bulk_bytes_max); }},
    {"save", [](const Host&) { return std::string(); }},
    {"timeout", [](const Host&) { return std::string("0"); }},
};

void config_get(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  for (const Parameter& parameter : kParameters) {
    for (const std::string_view word : call.arguments.subspan(2)) {
      std::string pattern(word);
      for (char& c : pattern) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (!matches(pattern, parameter.name)) continue;
      call.reply().bulk(parameter.name);
      call.reply().bulk(parameter.value(call.host));
      ++found;
      break;
    }
  }
  call.reply().enclose(mark, Writer::Aggregate::kMap, found);
}

void config_set(Call& call) {
  call.reply().error(
      "ERR CONFIG SET is refused: configuration comes from the file, the environment and flags");
}

void config_resetstat(Call& call) {
  call.host.statistics = {};
  call.reply().ok();
}

// ---- COMMAND

struct FlagName {
  Flag flag;
  std::string_view name;
};

constexpr FlagName kFlagNames[] = {
    {kReads, "readonly"}, {kWrites, "write"}, {kFast, "fast"}, {kAlone, "no_multi"}};

std::string_view category_of(Right right) {
  switch (right) {
    case Right::kConnection:
      return "@connection";
    case Right::kRead:
      return "@read";
    case Right::kWrite:
      return "@write";
    case Right::kAdmin:
      return "@admin";
  }
  return "@admin";
}

// Describes one row and the rows below it, named "container|name".
void describe(Writer& reply, const Command& command, const std::string& container) {
  const std::string name = container + std::string(command.name);
  reply.array(10);
  reply.bulk(name);
  reply.integer(command.arity);
  const std::size_t mark = reply.mark();
  std::size_t flags = 0;
  for (const FlagName& flag : kFlagNames) {
    if (!command.has(flag.flag)) continue;
    reply.status(flag.name);
    ++flags;
  }
  reply.enclose(mark, Writer::Aggregate::kSet, flags);
  reply.integer(command.keys.first);
  reply.integer(command.keys.last);
  reply.integer(command.keys.step);
  reply.set(1);
  reply.status(category_of(command.right));
  reply.array(0);
  reply.array(0);
  const std::span<const Command> verbs =
      command.verbs != nullptr ? command.verbs() : std::span<const Command>{};
  reply.array(verbs.size());
  for (const Command& verb : verbs) describe(reply, verb, name + "|");
}

void describe_all(Call& call) {
  call.reply().array(all_commands().size());
  for (const Command& command : all_commands()) describe(call.reply(), command, "");
}

void command_info(Call& call) {
  if (call.size() == 2) return describe_all(call);
  call.reply().array(call.size() - 2);
  for (const std::string_view name : call.arguments.subspan(2)) {
    const Command* command = find_command(name);
    if (command != nullptr) {
      describe(call.reply(), *command, "");
    } else {
      call.reply().null();
    }
  }
}

void command_count(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(all_commands().size()));
}

void command_list(Call& call) {
  call.reply().array(all_commands().size());
  for (const Command& command : all_commands()) call.reply().bulk(command.name);
}

void document(Writer& reply, const Command& command) {
  reply.bulk(command.name);
  reply.map(2);
  reply.bulk("summary");
  reply.bulk(command.help);
  reply.bulk("group");
  reply.bulk(category_of(command.right).substr(1));
}

void command_docs(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  const auto add = [&](const Command& command) {
    document(call.reply(), command);
    ++found;
  };
  for (const std::string_view name : call.arguments.subspan(2)) {
    if (const Command* command = find_command(name)) add(*command);
  }
  if (call.size() == 2) {
    for (const Command& command : all_commands()) add(command);
  }
  call.reply().enclose(mark, Writer::Aggregate::kMap, found);
}

constexpr Command kConfigVerbs[] = {
    {"get",
     -3,
     0,
     Right::kAdmin,
     {},
     "pattern [pattern ...]",
     "The parameters whose names match.",
     config_get},
    {"set",
     -4,
     0,
     Right::kAdmin,
     {},
     "parameter value [parameter value ...]",
     "Is refused.",
     config_set},
    {"resetstat", 2, 0, Right::kAdmin, {}, "", "Starts counting from zero.", config_resetstat},
    {"help", 2, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> config_verbs() { return kConfigVerbs; }

constexpr Command kCommandVerbs[] = {
    {"count", 2, 0, Right::kConnection, {}, "", "How many commands there are.", command_count},
    {"docs", -2, 0, Right::kConnection, {}, "[name ...]", "What commands are for.", command_docs},
    {"info", -2, 0, Right::kConnection, {}, "[name ...]", "The rows of commands.", command_info},
    {"list", 2, 0, Right::kConnection, {}, "", "The names of all commands.", command_list},
    {"help", 2, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> command_verbs() { return kCommandVerbs; }

constexpr Command kCommands[] = {
    {"info",
     -1,
     kAlone | kAfterCommit,
     Right::kAdmin,
     {},
     "[section ...]",
     "What the server is and has done.",
     info},
    {"config",
     -2,
     0,
     Right::kAdmin,
     {},
     "verb ...",
     "Parameters and counters.",
     nullptr,
     config_verbs},
    {"command",
     -1,
     0,
     Right::kConnection,
     {},
     "[verb ...]",
     "This table.",
     describe_all,
     command_verbs},
    {"time", 1, kFast, Right::kConnection, {}, "", "The time of day: seconds, microseconds.", time},
};

}  // namespace

std::span<const Command> server_commands() { return kCommands; }

}  // namespace anabranch::server
