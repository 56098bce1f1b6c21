#include "server/resp/command.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "core/assert.h"
#include "core/text.h"
#include "server/pattern.h"
#include "server/resp/discard.h"
#include "server/resp/host.h"
#include "server/resp/table/usage.h"

namespace anabranch::server {
namespace {

using control::in_upper_case;
using control::printable;

constexpr std::size_t kNameMax = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

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

struct Family {
  Group group;
  std::span<const Command> rows;
};

// All rows: those of the families, then the verbs of containers, level by level.
class Table {
 public:
  Table() {
    for (const auto& [group, rows] : families()) {
      for (const Command& row : rows) add(row, group, {});
    }
    commands_ = rows_.size();
    std::vector<std::pair<std::size_t, std::size_t>> verbs;  // Of each row: begin and end.
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::size_t begin = rows_.size();
      const auto declared = rows_[i].declared_verbs;
      const control::Verb* const shared = rows_[i].shared;
      const Group group = rows_[i].group;
      if (declared != nullptr) {
        for (const Command& row : declared()) add(row, group, names_[i] + "|");
      }
      if (shared != nullptr && rows_[i].run == nullptr) {
        for (const Command& row : verbs_of(*shared)) add(row, group, names_[i] + "|");
      }
      verbs.emplace_back(begin, rows_.size());
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto [begin, end] = verbs[i];
      rows_[i].verbs = std::span<const Command>(rows_).subspan(begin, end - begin);
    }
  }

  [[nodiscard]] std::span<const Command> rows() const { return rows_; }
  [[nodiscard]] std::span<const Command> commands() const { return rows().first(commands_); }
  [[nodiscard]] const std::string& name(const Command& row) const { return names_[row.id]; }

 private:
  static std::vector<Family> families() {
    return {{Group::kConnection, connection_commands()},
            {Group::kString, string_commands()},
            {Group::kGeneric, key_commands()},
            {Group::kGeneric, expiry_commands()},
            {Group::kGeneric, scan_commands()},
            {Group::kSet, set_commands()},
            {Group::kSet, set_algebra_commands()},
            {Group::kSet, random_commands()},
            {Group::kHash, hash_commands()},
            {Group::kTransactions, transaction_commands()},
            {Group::kServer, server_commands()},
            {Group::kCluster, cluster_commands()},
            {Group::kPubSub, subscribe_commands()},
            {Group::kGeneric, session_commands()},
            {Group::kAnabranch, anabranch_commands()}};
  }

  void add(const Command& row, Group group, const std::string& container) {
    names_.push_back(container + std::string(row.name));
    rows_.push_back(row);
    rows_.back().id = static_cast<std::uint16_t>(rows_.size() - 1);
    if (row.group == Group::kOfFamily) rows_.back().group = group;
  }

  std::vector<Command> rows_;
  std::vector<std::string> names_;
  std::size_t commands_ = 0;
};

const Table& table() {
  static const Table table;
  return table;
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

// Counts the error that begins at a mark of the output.
void count_error(const Call& call, std::size_t mark) {
  constexpr std::size_t kCodeMax = 64;
  const std::string error = call.client.output.text(mark + 1, kCodeMax);
  call.host.observed.errors.add(error.substr(0, error.find_first_of(" \r")));
}

}  // namespace

std::span<const Command> all_commands() { return table().commands(); }

std::span<const Command> all_rows() { return table().rows(); }

std::string_view full_name(const Command& command) { return table().name(command); }

const Command* find_command(std::string_view name) {
  static const Index index;
  return index.find(name);
}

const Command* find_command(std::span<const Command> rows, std::string_view name) {
  const auto found =
      std::ranges::find_if(rows, [&](const Command& row) { return same_word(name, row.name); });
  return found == rows.end() ? nullptr : &*found;
}

Catalogue catalogue() { return {all_rows(), full_name, find_row}; }

const Command* find_row(std::string_view full_name) {
  const std::size_t end = full_name.find('|');
  const Command* found = find_command(full_name.substr(0, end));
  if (found == nullptr || end == std::string_view::npos) return found;
  std::string_view rest = full_name.substr(end + 1);
  for (;;) {
    const std::size_t next = rest.find('|');
    found = find_command(found->verbs, rest.substr(0, next));
    if (found == nullptr || next == std::string_view::npos) return found;
    rest.remove_prefix(next + 1);
  }
}

namespace {

// Names may come several times, but not without end.
bool has_too_many(const Command& command, Arguments arguments) {
  constexpr std::size_t kWordsOfName = 2;
  return command.has(kFewNames) && arguments.size() > kWordsOfName + kNamesMax;
}

Resolved too_many() {
  return {nullptr, nullptr, "ERR at most " + std::to_string(kNamesMax) + " names in one request"};
}

}  // namespace

Resolved resolve(Arguments arguments) {
  const Command* command = find_command(arguments[0]);
  if (command == nullptr) return {nullptr, nullptr, unknown_command(arguments)};
  if (command->verbs.empty() && command->takes(arguments.size())) {
    if (has_too_many(*command, arguments)) return too_many();
    return {command, command, {}};
  }
  Resolved resolved{command, command, {}};
  std::string name;
  for (std::size_t i = 1; !command->verbs.empty() && i < arguments.size(); ++i) {
    name.append(command->name);
    const Command* verb = find_command(command->verbs, arguments[i]);
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
  if (has_too_many(*command, arguments)) return too_many();
  return resolved;
}

namespace {

// Clients know the first sentence, and look for the leader.
std::string read_only(const leader::Leader& leader) {
  std::string text = "READONLY You can't write against a read only replica. ";
  const auto card = leader.region_leader();
  if (!card) return text + "No leader is known.";
  if (!card->announce_redis.empty()) return text + "The leader is " + card->announce_redis + ".";
  return text + "The leader is " + card->name + ", which tells no announce_redis.";
}

// The text of an error for the caller. Where this server has followed since a moment ago, the
// connection of a client that would write ends.
std::string text_of(const Call& call, const Error& error) {
  if (error.code() != ErrorCode::kReadOnly || !call.host.leader.follows()) return error_text(error);
  call.client.parting = call.host.parting;
  return read_only(call.host.leader);
}

// Runs an EXEC for which no transaction could begin, as at a follower: one that only reads needs
// none, and any other one is discarded.
void run_without_transaction(Call& call, const Error& error) {
  const auto changes = [](const Queue::Entry& each) { return each.command->changes(); };
  if (std::ranges::none_of(call.client.queue.entries, changes)) return call.command.run(call);
  call.reply().error(discard(call.client, call.host.watched, text_of(call, error)));
}

}  // namespace

void run(Call& call) {
  const std::size_t mark = call.reply().mark();
  const bool is_noted = call.command.has(kNoted);
  const std::string actor = is_noted ? Acts::actor_of(call.client) : std::string();
  try {
    if (!call.command.changes()) {
      call.command.run(call);
    } else {
      call.scope.atomically([&](Scope& txn) {
        if (!call.client.shown.empty()) call.client.shown.tell(call.host.leader.writer());
        Call inner{call.client, txn, call.host, call.arguments, call.command, call.container};
        inner.command.run(inner);
      });
    }
  } catch (const Error& error) {
    call.reply().rewind(mark);
    // EXEC itself takes the queue before all else.
    if (call.command.has(kExecutes) && call.client.queue.open) {
      run_without_transaction(call, error);
    } else {
      call.reply().error(text_of(call, error));
    }
  }
  if (call.reply().is_error(mark)) count_error(call, mark);
  if (is_noted) call.host.acts.note(call, actor, mark);
}

void help(Call& call) {
  const std::span<const Command> rows = call.container.verbs;
  Writer& reply = call.reply();
  reply.array(1 + rows.size() * 2);
  reply.status(in_upper_case(call.container.name) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& row : rows) {
    std::string usage = in_upper_case(row.name);
    if (!row.usage.empty()) usage.append(" ").append(plain_usage(row.usage));
    reply.status(usage);
    reply.status("    " + std::string(row.help));
  }
}

void count_lookup(const Call& call, bool found) {
  ++(found ? call.host.observed.hits : call.host.observed.misses);
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

std::optional<std::string_view> take_pattern(Call& call, std::size_t position) {
  if (call[position].size() <= kPatternBytesMax) return call[position];
  call.reply().error("ERR the pattern is over the limit of " + std::to_string(kPatternBytesMax) +
                     " bytes");
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_timeout(Call& call, std::size_t position) {
  const std::optional<std::int64_t> value = core::parse_integer(call[position]);
  if (value && *value >= 0) return std::chrono::milliseconds(*value);
  call.reply().error(value ? "ERR timeout is negative"
                           : "ERR timeout is not an integer or out of range");
  return std::nullopt;
}

}  // namespace anabranch::server
