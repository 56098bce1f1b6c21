// Commands: one row of a table each (table/row.h). The table dispatches, checks arity, queues
// between MULTI and EXEC, and is the source of COMMAND, HELP and docs/commands.md.
//
// A command function reads and writes through its call's scope alone, as an application does. It
// answers with exactly one reply, or throws Error, which becomes an error reply; one that may not
// be able to answer yet leaves a Wait (waiting.h). The functions of rows with kWrites run inside a
// transaction of their own, which such an error undoes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/error.h>
#include <anabranch/handles.h>
#include <anabranch/scope.h>

#include "control/resp/writer.h"
#include "control/verbs/words.h"
#include "server/resp/access/catalogue.h"
#include "server/resp/client.h"
#include "server/resp/table/row.h"

namespace anabranch::server {

using control::arity_error;
using control::error_text;
using control::same_word;

struct Host;

using Arguments = std::span<const std::string_view>;

// One request, as passed to its function.
struct Call {
  Client& client;
  Scope& scope;
  Host& host;
  Arguments arguments;       // The words of the request; the name is the first.
  const Command& command;    // The row being run.
  const Command& container;  // The row above it: CLIENT of CLIENT ID; otherwise the row itself.
  bool queued = false;       // Within EXEC: it must answer at once.
  bool apart = false;        // The scope is the committed state, without the open group.

  [[nodiscard]] Writer& reply() const { return client.reply; }
  [[nodiscard]] std::size_t size() const { return arguments.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return arguments[i]; }
  // Returns a key of the client's database. Commands make keys with this function only: a key made
  // from a word alone would belong to database 0.
  [[nodiscard]] Key key(std::string_view name) const { return {client.database, name}; }
  [[nodiscard]] Key key(std::size_t i) const { return key(arguments[i]); }
  [[nodiscard]] Key all_keys() const { return Key::all(client.database); }
};

// All commands, in the order of families.
std::span<const Command> all_commands();
// The same, followed by the verbs of containers: rows[i].id is i.
std::span<const Command> all_rows();
// Returns the name of a row with those of the rows above it: "client|id".
std::string_view full_name(const Command& command);
// Returns the row of a name in any case; null if there is none.
const Command* find_command(std::string_view name);
const Command* find_command(std::span<const Command> rows, std::string_view name);
// The same for a full name: "client|id".
const Command* find_row(std::string_view full_name);
// The table, for access control.
Catalogue catalogue();

// The row for a request, after its name and arity were checked.
struct Resolved {
  const Command* command = nullptr;  // Null: `error` is the answer.
  const Command* container = nullptr;
  std::string error;
};
Resolved resolve(Arguments arguments);

// Runs a row, in a transaction if it writes. Always leaves one more reply, or a Wait.
void run(Call& call);

// ---- For command functions.

// The function of HELP of a container: lists its rows.
void help(Call& call);
// Whether a field or member is longer than any that can be stored, so that no collection has it.
constexpr bool is_too_long(std::string_view name) { return name.size() > (std::size_t{64} << 10U); }
// Counts a key that a read was to find, for INFO.
void count_lookup(const Call& call, bool found);
// Replies with the value, or null.
void reply_value(Writer& reply, const std::optional<std::string>& value);
// Returns the integer in an argument; nullopt after an error reply.
std::optional<std::int64_t> take_integer(Call& call, std::size_t position);
// Returns the pattern in an argument; nullopt after an error reply, for one that is too long.
std::optional<std::string_view> take_pattern(Call& call, std::size_t position);
// Returns the milliseconds in an argument; nullopt after an error reply.
std::optional<std::chrono::milliseconds> parse_timeout(Call& call, std::size_t position);

inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kOverflow = "ERR increment or decrement would overflow";

// ---- The families, one file each.

std::span<const Command> connection_commands();
std::span<const Command> string_commands();
std::span<const Command> key_commands();
std::span<const Command> scan_commands();
std::span<const Command> expiry_commands();
std::span<const Command> set_commands();
std::span<const Command> set_algebra_commands();
std::span<const Command> random_commands();
std::span<const Command> hash_commands();
std::span<const Command> transaction_commands();
std::span<const Command> server_commands();
std::span<const Command> cluster_commands();
std::span<const Command> subscribe_commands();
std::span<const Command> session_commands();
std::span<const Command> anabranch_commands();
// Returns the rows for the verbs of a container of the control layer, with HELP.
std::vector<Command> verbs_of(const control::Verb& container);

}  // namespace anabranch::server
