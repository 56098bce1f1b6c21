// Keys of every type.

#include <string>

#include "server/resp/command.h"
#include "server/resp/commands/pattern.h"
#include "server/resp/long_answer.h"

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
    if (call.scope.type(call.key(name)) != Type::kNone) answer.found();
  });
  if (const auto total = answer.total()) call.reply().integer(static_cast<std::int64_t>(*total));
}

void type(Call& call) { call.reply().status(to_string(call.scope.type(call.key(1)))); }

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
    call.scope.clear(Key::all(database));
  }
  call.reply().ok();
}

void flushall(Call& call) { flush(call, 0, kDatabases - 1); }

void flushdb(Call& call) { flush(call, call.client.database, call.client.database); }

// Not possible: the database is a part of each key's path, so every key would have to be written
// again, while other regions write to both databases.
void swapdb(Call& call) {
  call.reply().error(
      "ERR SWAPDB is not supported: the database is a part of each key's name, and other regions "
      "write to both");
}

// Visits every key of the database, so the cost grows with their number.
void keys(Call& call) {
  LongAnswer answer(call);
  call.scope.names(call.all_keys(), answer.rest(), [&](const std::string& name) {
    if (!answer.has_time(name)) return false;
    if (matches(call[1], name)) {
      call.reply().bulk(name);
      answer.found();
    }
    return true;
  });
  answer.enclose(Writer::Aggregate::kArray);
}

constexpr KeyRange kOne{1, 1, 1};
constexpr KeyRange kAll{1, -1, 1};

constexpr Command kCommands[] = {
    {"del", -2, kWrites | kSliced, Right::kWrite, kAll, "key [key ...]", "Removes keys.", del},
    {"unlink", -2, kWrites | kFast | kSliced, Right::kWrite, kAll, "key [key ...]", "Removes keys.",
     del},
    {"exists", -2, kReads | kFast | kLong, Right::kRead, kAll, "key [key ...]",
     "How many of the keys hold something.", exists},
    {"type", 2, kReads | kFast, Right::kRead, kOne, "key", "What a key holds.", type},
    {"dbsize",
     1,
     kReads | kFast | kWhole,
     Right::kRead,
     {},
     "",
     "How many keys this database has.",
     dbsize},
    {"keys",
     2,
     kReads | kWhole | kLong,
     Right::kRead,
     {},
     "pattern",
     "The keys of this database that match a pattern.",
     keys},
    {"flushall",
     -1,
     kWrites | kWhole,
     Right::kWrite,
     {},
     "[ASYNC | SYNC]",
     "Removes everything in all databases.",
     flushall},
    {"flushdb",
     -1,
     kWrites | kWhole,
     Right::kWrite,
     {},
     "[ASYNC | SYNC]",
     "Removes everything in this database.",
     flushdb},
    {"swapdb", 3, kFast, Right::kConnection, {}, "index index", "Is not supported.", swapdb},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace anabranch::server
