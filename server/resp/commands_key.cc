// Keys, whatever they hold.

#include <string>

#include "server/resp/command.h"
#include "server/resp/pattern.h"

namespace anabranch::server {
namespace {

constexpr std::uint8_t kDatabases = 16;

void del(Call& call) {
  std::int64_t removed = 0;
  for (const std::string_view name : call.arguments.subspan(1)) {
    const Key key = name;
    if (call.scope.type(key) == Type::kNone) continue;
    call.scope.clear(key);
    ++removed;
  }
  call.reply().integer(removed);
}

void exists(Call& call) {
  std::int64_t found = 0;
  for (const std::string_view name : call.arguments.subspan(1)) {
    if (call.scope.type(name) != Type::kNone) ++found;
  }
  call.reply().integer(found);
}

void type(Call& call) { call.reply().status(to_string(call.scope.type(call[1]))); }

void dbsize(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(call.scope.count(Key::all(0))));
}

void flush(Call& call, std::uint8_t databases) {
  const bool valid =
      call.size() == 1 ||
      (call.size() == 2 && (same_word(call[1], "async") || same_word(call[1], "sync")));
  if (!valid) return call.reply().error(kSyntaxError);
  for (std::uint8_t database = 0; database < databases; ++database) {
    call.scope.clear(Key::all(database));
  }
  call.reply().ok();
}

void flushall(Call& call) { flush(call, kDatabases); }

void flushdb(Call& call) { flush(call, 1); }

// Every key of the database is visited, so it costs as much as there is.
void keys(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t found = 0;
  call.scope.names(Key::all(0), {}, [&](const std::string& name) {
    if (matches(call[1], name)) {
      call.reply().bulk(name);
      ++found;
    }
    return true;
  });
  call.reply().enclose(mark, Writer::Aggregate::kArray, found);
}

constexpr KeyRange kOne{1, 1, 1};
constexpr KeyRange kAll{1, -1, 1};

constexpr Command kCommands[] = {
    {"del", -2, kWrites, Right::kWrite, kAll, "key [key ...]", "Removes keys.", del},
    {"unlink", -2, kWrites | kFast, Right::kWrite, kAll, "key [key ...]", "Removes keys.", del},
    {"exists", -2, kReads | kFast, Right::kRead, kAll, "key [key ...]",
     "How many of the keys hold something.", exists},
    {"type", 2, kReads | kFast, Right::kRead, kOne, "key", "What a key holds.", type},
    {"dbsize", 1, kReads | kFast, Right::kRead, {}, "", "How many keys there are.", dbsize},
    {"keys", 2, kReads, Right::kRead, {}, "pattern", "The keys that match a pattern.", keys},
    {"flushall", -1, kWrites, Right::kWrite, {}, "[ASYNC | SYNC]", "Removes everything.", flushall},
    {"flushdb",
     -1,
     kWrites,
     Right::kWrite,
     {},
     "[ASYNC | SYNC]",
     "Removes everything in this database.",
     flushdb},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace anabranch::server
