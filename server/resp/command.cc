#include "server/resp/command.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "core/assert.h"
#include "core/text.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

constexpr std::size_t kNameMax = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string in_upper_case(std::string_view word) {
  std::string upper(word);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

// Maps names to rows: open addressing in a sparse table, built once.
class Index {
 public:
  Index() {
    for (const Command& command : all_commands()) {
      std::size_t slot = hash(command.name);
      while (slots_[slot] != nullptr) slot = (slot + 1) % kSlots;
      slots_[slot] = &command;
    }
  }

  [[nodiscard]] const Command* find(std::string_view name) const {
    if (name.size() > kNameMax) return nullptr;
    for (std::size_t slot = hash(name); slots_[slot] != nullptr; slot = (slot + 1) % kSlots) {
      if (same_word(name, slots_[slot]->name)) return slots_[slot];
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kSlots = 1024;

  // FNV-1a of the name in lower case.
  static std::size_t hash(std::string_view name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(lower(c))) * 16777619U;
    return (hash ^ (hash >> 15U)) % kSlots;
  }

  std::array<const Command*, kSlots> slots_{};
};

std::vector<Command> collect_commands() {
  std::vector<Command> all;
  for (const auto family :
       {connection_commands(), string_commands(), key_commands(), expiry_commands(), set_commands(),
        hash_commands(), transaction_commands(), server_commands(), session_commands(),
        anabranch_commands()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

// The form printed by Redis: up to a zero byte, at most 128 bytes.
std::string_view printable(std::string_view word) {
  constexpr std::size_t kPrinted = 128;
  return word.substr(0, std::min(word.find('\0'), kPrinted));
}

std::string unknown_command(Arguments arguments) {
  constexpr std::size_t kPrinted = 128;
  std::string shown;
  for (const std::string_view word : arguments.subspan(1)) {
    if (shown.size() >= kPrinted) break;
    const std::string_view part = printable(word).substr(0, kPrinted - shown.size());
    shown.append("'").append(part).append("' ");
  }
  return "ERR unknown command '" + std::string(printable(arguments[0])) +
         "', with args beginning with: " + shown;
}

}  // namespace

bool Command::takes(std::size_t words) const {
  const auto count = static_cast<std::size_t>(arity < 0 ? -arity : arity);
  return arity < 0 ? words >= count : words == count;
}

std::span<const Command> all_commands() {
  static const std::vector<Command> all = collect_commands();
  return all;
}

const Command* find_command(std::string_view name) {
  static const Index index;
  return index.find(name);
}

const Command* find_command(std::span<const Command> rows, std::string_view name) {
  const auto found =
      std::ranges::find_if(rows, [&](const Command& row) { return same_word(name, row.name); });
  return found == rows.end() ? nullptr : &*found;
}

Resolved resolve(Arguments arguments) {
  const Command* command = find_command(arguments[0]);
  if (command == nullptr) return {nullptr, nullptr, unknown_command(arguments)};
  Resolved resolved{command, command, {}};
  std::string name;
  for (std::size_t i = 1; command->verbs != nullptr && i < arguments.size(); ++i) {
    name.append(command->name);
    const Command* verb = find_command(command->verbs(), arguments[i]);
    if (verb == nullptr) {
      return {nullptr, nullptr,
              "ERR unknown subcommand '" + std::string(printable(arguments[i])) + "'. Try " +
                  in_upper_case(name) + " HELP."};
    }
    name.append("|");
    resolved = {verb, command, {}};
    command = verb;
  }
  if (command->run == nullptr || !command->takes(arguments.size())) {
    return {nullptr, nullptr, arity_error(name.append(command->name))};
  }
  return resolved;
}

void run(Call& call) {
  const std::size_t mark = call.reply().mark();
  try {
    if (!call.command.has(kWrites)) return call.command.run(call);
    call.scope.atomically([&](Scope& txn) {
      if (!call.client.shown.empty()) call.client.shown.tell(call.host.leader.writer());
      Call inner{call.client, txn, call.host, call.arguments, call.command, call.container};
      inner.command.run(inner);
    });
  } catch (const Error& error) {
    call.reply().rewind(mark);
    call.reply().error(error_text(error));
  }
}

std::string error_text(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kWrongType:
      return "WRONGTYPE Operation against a key holding the wrong kind of value";
    case ErrorCode::kReadOnly:
      return std::string("READONLY ") + error.what();
    case ErrorCode::kTimeout:
      return std::string("TIMEOUT ") + error.what();
    case ErrorCode::kClosed:
    case ErrorCode::kIo:
      return std::string("MISCONF ") + error.what();
    default:
      return std::string("ERR ") + error.what();
  }
}

void help(Call& call) {
  const std::span<const Command> rows = call.container.verbs();
  Writer& reply = call.reply();
  reply.array(1 + rows.size() * 2);
  reply.status(in_upper_case(call.container.name) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& row : rows) {
    std::string usage = in_upper_case(row.name);
    if (!row.usage.empty()) usage.append(" ").append(row.usage);
    reply.status(usage);
    reply.status("    " + std::string(row.help));
  }
}

bool same_word(std::string_view word, std::string_view lower_case) {
  if (word.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(word[i]) != lower_case[i]) return false;
  }
  return true;
}

void reply_value(Writer& reply, const std::optional<std::string>& value) {
  if (value) {
    reply.bulk(*value);
  } else {
    reply.null();
  }
}

std::optional<std::int64_t> take_integer(Call& call, std::size_t position) {
  const std::optional<std::int64_t> value = core::parse_integer(call[position]);
  if (!value) call.reply().error(kNotInteger);
  return value;
}

std::optional<std::chrono::milliseconds> parse_timeout(Call& call, std::size_t position) {
  const std::optional<std::int64_t> value = core::parse_integer(call[position]);
  if (value && *value >= 0) return std::chrono::milliseconds(*value);
  call.reply().error(value ? "ERR timeout is negative"
                           : "ERR timeout is not an integer or out of range");
  return std::nullopt;
}

std::string arity_error(std::string_view name) {
  return "ERR wrong number of arguments for '" + std::string(name) + "' command";
}

}  // namespace anabranch::server
