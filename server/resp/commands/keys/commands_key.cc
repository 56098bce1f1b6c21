// Keys of every type.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "core/text.h"
#include "server/pattern.h"
#include "server/resp/admission.h"
#include "server/resp/command.h"
#include "server/resp/commands/keys/key_copy.h"
#include "server/resp/commands/keys/object_verbs.h"
#include "server/resp/commands/random_names.h"
#include "server/resp/host.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

void del(Call& call) {
  std::int64_t removed = 0;
  for (const std::string_view name : call.arguments.subspan(1)) {
    const Key key = call.key(name);
    if (call.scope.type(key) == Type::kNone) continue;
    call.scope.clear(key);
    ++removed;
  }
  call.reply().integer(removed);
}

void exists(Call& call) {
  LongAnswer answer(call);
  answer.each_argument(1, [&](std::string_view name) {
    const bool found = call.scope.type(call.key(name)) != Type::kNone;
    count_lookup(call, found);
    if (found) answer.found();
  });
  call.reply().integer(static_cast<std::int64_t>(answer.total()));
}

void type(Call& call) {
  const Type type = call.scope.type(call.key(1));
  count_lookup(call, type != Type::kNone);
  call.reply().status(to_string(type));
}

// Gives a key another name; returns whether it did. Replies with an error if there is no key.
bool move_key(Call& call, bool over_another) {
  const Key from = call.key(1);
  const Key to = call.key(2);
  const Type type = call.scope.type(from);
  if (type == Type::kNone) {
    call.reply().error("ERR no such key");
    return false;
  }
  if (from == to) return over_another;
  if (!over_another && call.scope.type(to) != Type::kNone) return false;
  copy_key(call.scope, from, type, to);
  call.scope.clear(from);
  return true;
}

void rename_key(Call& call) {
  if (move_key(call, true)) call.reply().ok();
}

void renamenx(Call& call) {
  const std::size_t mark = call.reply().mark();
  const bool moved = move_key(call, false);
  if (!call.reply().is_error(mark)) call.reply().integer(moved ? 1 : 0);
}

void copy(Call& call) {
  std::int64_t database = call.client.database;
  bool replace = false;
  for (std::size_t i = 3; i < call.size(); ++i) {
    if (same_word(call[i], "replace")) {
      replace = true;
    } else if (same_word(call[i], "db") && i + 1 < call.size()) {
      const std::optional<std::int64_t> chosen = take_integer(call, ++i);
      if (!chosen) return;
      database = *chosen;
      if (database < 0 || database >= kDatabases) {
        return call.reply().error("ERR DB index is out of range");
      }
    } else {
      return call.reply().error(kSyntaxError);
    }
  }
  const Key from = call.key(1);
  const Key to(static_cast<std::uint8_t>(database), call[2]);
  if (from == to) return call.reply().error("ERR source and destination objects are the same");
  const Type type = call.scope.type(from);
  const bool free = replace || call.scope.type(to) == Type::kNone;
  const bool copies = type != Type::kNone && free;
  if (copies) copy_key(call.scope, from, type, to);
  call.reply().integer(copies ? 1 : 0);
}

void randomkey(Call& call) {
  reply_value(call.reply(), RandomNames(call.scope, call.all_keys(), call.host.random).draw());
}

void dbsize(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(call.scope.count(call.all_keys())));
}

// Removes everything in the databases `first` to `last`.
void flush(Call& call, std::uint8_t first, std::uint8_t last) {
  const bool valid =
      call.size() == 1 ||
      (call.size() == 2 && (same_word(call[1], "async") || same_word(call[1], "sync")));
  if (!valid) return call.reply().error(kSyntaxError);
  for (std::uint8_t database = first; database <= last; ++database) {
    // Other regions count the survivors of each clear, so one of nothing would be work for them.
    if (call.scope.count(Key::all(database)) > 0) call.scope.clear(Key::all(database));
  }
  call.reply().ok();
}

void flushall(Call& call) { flush(call, 0, kDatabases - 1); }

void flushdb(Call& call) { flush(call, call.client.database, call.client.database); }

// Replies with the error and returns nullopt if a word is no database.
std::optional<std::int64_t> take_database(Call& call, std::size_t position,
                                          std::string_view error) {
  const std::optional<std::int64_t> database = core::parse_integer(call[position]);
  using Range = std::numeric_limits<std::int32_t>;
  if (database && *database >= Range::min() && *database <= Range::max()) return database;
  call.reply().error(error);
  return std::nullopt;
}

// Not possible: the database is a part of each key's path, so every key would have to be written
// again, while other regions write to both databases. One and the same needs no swap.
void swapdb(Call& call) {
  const auto one = take_database(call, 1, "ERR invalid first DB index");
  if (!one) return;
  const auto two = take_database(call, 2, "ERR invalid second DB index");
  if (!two) return;
  if (std::min(*one, *two) < 0 || std::max(*one, *two) >= kDatabases) {
    return call.reply().error("ERR DB index is out of range");
  }
  if (*one == *two) return call.reply().ok();
  call.reply().error(
      "ERR SWAPDB is not supported: the database is a part of each key's name, and other regions "
      "write to both");
}

// Visits every key of the database, so the cost grows with their number.
void keys(Call& call) {
  const std::optional<std::string_view> pattern = take_pattern(call, 1);
  if (!pattern) return;
  LongAnswer answer(call);
  answer.names(call.all_keys(), [&](const std::string& name) {
    if (!matches(*pattern, name) || !may_see(call.client, name)) return;
    call.reply().bulk(name);
    answer.found();
  });
  answer.enclose(Writer::Aggregate::kArray);
}

constexpr Command kKeyCommands[] = {
    {.name = "del",
     .arity = -2,
     .flags = kWrites | kSliced,
     .keys = {keys_from(1, kRemoves | kDelete)},
     .run = del,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "Removes keys.",
     .complexity = "O(N), N the number of keys; 1000 keys and more in slices",
     .caution = "Concurrent writes of other regions stay, and the key with them: only values seen "
                "here are removed.",
     .merging = "A value that is written concurrently with the removal survives it."},
    {.name = "unlink",
     .arity = -2,
     .flags = kWrites | kFast | kSliced,
     .keys = {keys_from(1, kRemoves | kDelete)},
     .run = del,
     .since = "4.0.0",
     .usage = "key [key ...]",
     .help = "Removes keys.",
     .complexity = "O(N), N the number of keys; 1000 keys and more in slices",
     .caution = "Concurrent writes of other regions stay, and the key with them: only values seen "
                "here are removed.",
     .merging = "A value that is written concurrently with the removal survives it."},
    {.name = "exists",
     .arity = -2,
     .flags = kReads | kFast | kLong,
     .keys = {keys_from(1, kReadsOnly)},
     .run = exists,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "How many of the keys hold something.",
     .complexity = "O(N), N the number of keys"},
    {.name = "touch",
     .arity = -2,
     .flags = kReads | kFast | kLong,
     .keys = {keys_from(1, kReadsOnly)},
     .run = exists,
     .since = "3.2.1",
     .usage = "key [key ...]",
     .help = "How many of the keys hold something. No key has a time of its last access.",
     .complexity = "O(N), N the number of keys"},
    {.name = "type",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = type,
     .since = "1.0.0",
     .usage = "key",
     .help = "What a key holds.",
     .complexity = "O(1)"},
    {.name = "dbsize",
     .arity = 1,
     .flags = kReads | kFast | kWhole | kAllKeys,
     .group = Group::kServer,
     .categories = kInKeyspace,
     .run = dbsize,
     .since = "1.0.0",
     .help = "How many keys this database has.",
     .complexity = "O(1)"},
    {.name = "keys",
     .arity = 2,
     .flags = kReads | kWhole | kLong,
     .categories = kInKeyspace | kInDangerous,
     .run = keys,
     .since = "1.0.0",
     .usage = "pattern",
     .help = "The keys of this database that match a pattern.",
     .complexity = "O(N), N the number of keys; in slices"},
    {.name = "randomkey",
     .arity = 1,
     .flags = kReads | kWhole | kAllKeys | kLong,
     .run = randomkey,
     .since = "1.0.0",
     .help = "A key of this database, by chance.",
     .complexity = "O(log N), N the number of keys"},
    {.name = "rename",
     .arity = 3,
     .flags = kWrites | kLarge,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kDelete), key_at(2, kOverwrites | kUpdate)},
     .run = rename_key,
     .since = "1.0.0",
     .usage = "key newkey",
     .help = "Gives a key another name, whatever that named before.",
     .complexity = "O(N), N the number of rows at the key",
     .caution = "Concurrent writes of other regions to the old name stay there.",
     .merging = "A copy, and a removal of the values seen here. Concurrent writes of other regions "
                "to the new name stay beside the copy."},
    {.name = "renamenx",
     .arity = 3,
     .flags = kWrites | kFast | kLarge,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kDelete), key_at(2, kOverwrites | kInsert)},
     .run = renamenx,
     .since = "1.0.0",
     .usage = "key newkey",
     .help = "Gives a key another name unless that names something.",
     .complexity = "O(N), N the number of rows at the key",
     .caution = "Not exclusive across regions: two regions can give two keys the same name.",
     .merging = "As RENAME. The values of two keys that get one name merge."},
    // It may name a key of another database.
    {.name = "copy",
     .arity = -3,
     .flags = kWrites | kWhole | kLarge,
     .keys = {kReadKey, key_at(2, kOverwrites | kUpdate)},
     .run = copy,
     .since = "6.2.0",
     .usage = "source destination [DB destination-db] [REPLACE]",
     .help = "Writes the value of a key at another one.",
     .complexity = "O(N), N the number of rows at the key",
     .merging =
         "Writes the value shown here, in place of those seen at the destination: concurrent "
         "writes of other regions to it stay beside it. Sums and siblings become one value."},
    {.name = "flushall",
     .arity = -1,
     .flags = kWrites | kWhole | kAllKeys | kNoted,
     .group = Group::kServer,
     .categories = kInKeyspace | kInDangerous,
     .run = flushall,
     .since = "1.0.0",
     .usage = "[ASYNC | SYNC]",
     .help = "Removes everything in all databases.",
     .complexity = "O(1) here; other regions and the background remove row by row",
     .caution = "Concurrent writes of other regions stay: only values seen here are removed.",
     .merging = "A value that is written concurrently with the removal survives it."},
    {.name = "flushdb",
     .arity = -1,
     .flags = kWrites | kWhole | kAllKeys | kNoted,
     .group = Group::kServer,
     .categories = kInKeyspace | kInDangerous,
     .run = flushdb,
     .since = "1.0.0",
     .usage = "[ASYNC | SYNC]",
     .help = "Removes everything in this database.",
     .complexity = "O(1) here; other regions and the background remove row by row",
     .caution = "Concurrent writes of other regions stay: only values seen here are removed.",
     .merging = "A value that is written concurrently with the removal survives it."},
    {.name = "swapdb",
     .arity = 3,
     .flags = kWrites | kFast,
     .group = Group::kServer,
     .categories = kInKeyspace | kInDangerous,
     .run = swapdb,
     .since = "4.0.0",
     .usage = "index1 index2",
     .help = "Is not supported, but for a database with itself.",
     .complexity = "O(1)",
     .merging = "Refused: the database is a part of the name of each key, and other regions write "
                "to both."},
    {.name = "object",
     .arity = -2,
     .declared_verbs = object_verbs,
     .since = "2.2.3",
     .help = "How values are held.",
     .complexity = "That of the verb"},
};

}  // namespace

std::span<const Command> key_commands() { return kKeyCommands; }

}  // namespace anabranch::server
