#include "server/resp/commands/server/command_verbs.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/pattern.h"
#include "server/resp/commands/server/command_docs.h"
#include "server/resp/slices/long_answer.h"
#include "server/resp/table/categories.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

struct BitName {
  std::uint32_t bit;
  std::string_view name;
};

constexpr std::array kFlagNames{
    BitName{kWrites, "write"},        BitName{kReads, "readonly"},   BitName{kAdmin, "admin"},
    BitName{kFast, "fast"},           BitName{kStranger, "no_auth"}, BitName{kAlone, "no_multi"},
    BitName{kSecret, "skip_monitor"},
};

constexpr std::array kUseNames{
    BitName{kReadsOnly, "RO"},
    BitName{kReadsAndWrites, "RW"},
    BitName{kOverwrites, "OW"},
    BitName{kRemoves, "RM"},
    BitName{kAccess, "access"},
    BitName{kUpdate, "update"},
    BitName{kInsert, "insert"},
    BitName{kDelete, "delete"},
    BitName{kVariable, "variable_flags"},
};

// Replies with the names of the bits that are set, and then with `more`.
template <typename Names>
void reply_bits(Writer& reply, const Names& names, std::uint32_t bits, std::string_view more = {}) {
  const std::size_t mark = reply.mark();
  std::size_t found = 0;
  for (const BitName& each : names) {
    if ((bits & each.bit) == 0) continue;
    reply.status(each.name);
    ++found;
  }
  if (!more.empty()) reply.status(more);
  reply.enclose(mark, Writer::Aggregate::kSet, found + (more.empty() ? 0 : 1));
}

void reply_categories(Writer& reply, const Command& command) {
  const std::size_t mark = reply.mark();
  std::size_t found = 0;
  for_each_category(categories_of(command), [&](std::string_view name) {
    reply.status("@" + std::string(name));
    ++found;
  });
  reply.enclose(mark, Writer::Aggregate::kSet, found);
}

void reply_pair(Writer& reply, std::string_view name, std::int64_t value) {
  reply.bulk(name);
  reply.integer(value);
}

// "find_keys": where the keys are, seen from where the search for them begins.
void reply_find_keys(Writer& reply, const KeySpec& spec) {
  reply.bulk("find_keys");
  reply.map(2);
  reply.bulk("type");
  reply.bulk(spec.counted ? "keynum" : "range");
  reply.bulk("spec");
  reply.map(3);
  if (spec.counted) {
    reply_pair(reply, "keynumidx", 0);
    reply_pair(reply, "firstkey", 1);
    reply_pair(reply, "keystep", spec.step);
  } else {
    reply_pair(reply, "lastkey", spec.last < 0 ? spec.last : spec.last - spec.first);
    reply_pair(reply, "keystep", spec.step);
    reply_pair(reply, "limit", 0);
  }
}

void reply_key_specs(Writer& reply, const Command& command) {
  const std::size_t mark = reply.mark();
  std::size_t found = 0;
  for (const KeySpec& spec : command.keys) {
    if (!spec.any()) break;
    ++found;
    reply.map(3);
    reply.bulk("flags");
    reply_bits(reply, kUseNames, spec.use);
    reply.bulk("begin_search");
    reply.map(2);
    reply.bulk("type");
    reply.bulk("index");
    reply.bulk("spec");
    reply.map(1);
    reply_pair(reply, "index", spec.first);
    reply_find_keys(reply, spec);
  }
  reply.enclose(mark, Writer::Aggregate::kSet, found);
}

// Describes one row and the rows below it.
void describe(Writer& reply, const Command& command) {
  reply.array(10);
  reply.bulk(full_name(command));
  reply.integer(command.arity);
  reply_bits(reply, kFlagNames, command.flags, keys_move(command) ? "movablekeys" : "");
  const KeySpec range = key_range(command);
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  reply_categories(reply, command);
  reply.set(0);  // Hints for proxies of clusters.
  reply_key_specs(reply, command);
  reply.set(command.verbs.size());
  for (const Command& verb : command.verbs) describe(reply, verb);
}

void command_info(Call& call) {
  if (call.size() == 2) return describe_commands(call);
  LongAnswer answer(call);
  call.reply().array(call.size() - 2);
  answer.each_argument(2, [&](std::string_view name) {
    const Command* command = find_row(name);
    if (command != nullptr) {
      describe(call.reply(), *command);
    } else {
      call.reply().null();
    }
  });
}

void command_count(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(all_commands().size()));
}

void command_docs(Call& call) {
  Writer& reply = call.reply();
  if (call.size() == 2) {
    reply.map(all_commands().size());
    for (const Command& command : all_commands()) document(reply, command);
    return;
  }
  LongAnswer answer(call);
  answer.each_argument(2, [&](std::string_view name) {
    const Command* command = find_row(name);
    if (command == nullptr) return;
    document(reply, *command);
    answer.found();
  });
  answer.enclose(Writer::Aggregate::kMap);
}

// ---- COMMAND LIST

using Filter = std::function<bool(const Command&)>;

// Returns the filter in the words of the call; null after an error reply.
Filter take_filter(Call& call) {
  if (call.size() == 5 && same_word(call[2], "filterby")) {
    const std::string_view word = call[4];
    if (same_word(call[3], "module")) return [](const Command& /*row*/) { return false; };
    if (same_word(call[3], "pattern")) {
      if (!take_pattern(call, 4)) return nullptr;
      return [word](const Command& row) { return matches(word, full_name(row)); };
    }
    if (same_word(call[3], "aclcat")) {
      const auto category = find_category(word);
      return [category](const Command& row) {
        return category && (categories_of(row) & *category) != 0;
      };
    }
  }
  call.reply().error(kSyntaxError);
  return nullptr;
}

// Without a filter the commands; with one also their verbs.
void command_list(Call& call) {
  if (call.size() == 2) {
    call.reply().array(all_commands().size());
    for (const Command& command : all_commands()) call.reply().bulk(command.name);
    return;
  }
  const Filter passes = take_filter(call);
  if (!passes) return;
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  for (const Command& row : all_rows()) {
    if (!passes(row)) continue;
    call.reply().bulk(full_name(row));
    ++found;
  }
  call.reply().enclose(mark, Writer::Aggregate::kArray, found);
}

// ---- COMMAND GETKEYS

// The keys of one specification in a request.
struct NamedKeys {
  const KeySpec& spec;
  KeyWords words;

  [[nodiscard]] std::size_t size() const {
    return words.last < words.first ? 0 : (words.last - words.first) / words.step + 1;
  }
};

// Returns nullopt if the words of the request do not tell its keys.
std::optional<std::vector<NamedKeys>> named_keys(const Command& command, Arguments words) {
  std::vector<NamedKeys> all;
  for (const KeySpec& spec : command.keys) {
    if (!spec.any()) break;
    const std::optional<KeyWords> found = key_words(spec, words);
    if (!found) return std::nullopt;
    all.push_back({spec, *found});
  }
  return all;
}

// Calls visit(name, spec) with each key of the request in the words of the call; answers with an
// error if that has none, or is none.
template <typename Visit>
void get_keys(Call& call, const Visit& visit) {
  const Arguments words = call.arguments.subspan(2);
  Writer& reply = call.reply();
  const Command* command = find_command(words[0]);
  for (std::size_t i = 1; command != nullptr && !command->verbs.empty() && i < words.size(); ++i) {
    command = find_command(command->verbs, words[i]);
  }
  if (command == nullptr) return reply.error("ERR Invalid command specified");
  if (!command->keys[0].any()) return reply.error("ERR The command has no key arguments");
  if (!command->takes(words.size())) {
    return reply.error("ERR Invalid number of arguments specified for command");
  }
  const auto keys = named_keys(*command, words);
  if (!keys) return reply.error("ERR Invalid arguments specified for command");
  LongAnswer answer(call);
  for (const NamedKeys& each : *keys) {
    answer.repeat(each.size(), [&](std::size_t i) {
      visit(words[each.words.first + i * each.words.step], each.spec);
      answer.found();
    });
  }
  answer.enclose(Writer::Aggregate::kArray);
}

void command_getkeys(Call& call) {
  get_keys(call, [&](std::string_view name, const KeySpec&) { call.reply().bulk(name); });
}

void command_getkeysandflags(Call& call) {
  get_keys(call, [&](std::string_view name, const KeySpec& spec) {
    call.reply().array(2);
    call.reply().bulk(name);
    reply_bits(call.reply(), kUseNames, use_in(spec, call.arguments.subspan(2)));
  });
}

constexpr Command kCommandVerbs[] = {
    {.name = "count",
     .arity = 2,
     .categories = kInConnection,
     .run = command_count,
     .since = "2.8.13",
     .help = "How many commands there are.",
     .complexity = "O(1)"},
    {.name = "docs",
     .arity = -2,
     .flags = kLong | kFewNames,
     .categories = kInConnection,
     .run = command_docs,
     .since = "7.0.0",
     .usage = "[command-name ...]",
     .help = "The documentation of commands.",
     .complexity = "O(N), N the number of names"},
    {.name = "info",
     .arity = -2,
     .flags = kLong | kFewNames,
     .categories = kInConnection,
     .run = command_info,
     .since = "2.8.13",
     .usage = "[command-name ...]",
     .help = "The rows of commands.",
     .complexity = "O(N), N the number of names"},
    {.name = "list",
     .arity = -2,
     .categories = kInConnection,
     .run = command_list,
     .since = "7.0.0",
     .usage = "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
     .help = "The names of all commands, or of some and their verbs.",
     .complexity = "O(N), N the number of commands"},
    {.name = "getkeys",
     .arity = -4,
     .flags = kLong,
     .categories = kInConnection,
     .run = command_getkeys,
     .since = "2.8.13",
     .usage = "command [argument ...]",
     .help = "The keys that a request names.",
     .complexity = "O(N), N the number of words"},
    {.name = "getkeysandflags",
     .arity = -4,
     .flags = kLong,
     .categories = kInConnection,
     .run = command_getkeysandflags,
     .since = "7.0.0",
     .usage = "command [argument ...]",
     .help = "The keys that a request names, and how it uses them.",
     .complexity = "O(N), N the number of words"},
    {.name = "help",
     .arity = 2,
     .categories = kInConnection,
     .run = help,
     .since = "5.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

void describe_commands(Call& call) {
  call.reply().array(all_commands().size());
  for (const Command& command : all_commands()) describe(call.reply(), command);
}

std::span<const Command> command_verbs() { return kCommandVerbs; }

}  // namespace anabranch::server
