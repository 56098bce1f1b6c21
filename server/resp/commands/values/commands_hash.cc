// Hashes: maps whose fields are strings. A field of another type, written by an embedded program,
// counts in HLEN and HEXISTS, is overwritten by HSET, and is omitted from lists of strings.

#include <string>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/long_answer.h"

namespace anabranch::server {
namespace {

// Stores a string in the field. Returns whether the field was absent.
bool overwrite(Scope& txn, const Key& field, std::string_view value) {
  const Type before = txn.type(field);
  if (before != Type::kNone && before != Type::kString) txn.clear(field);
  const Key row = field.of(Type::kString);
  txn.put(row, value);
  txn.reset(row);
  return before == Type::kNone;
}

// Returns the string in a field; nullopt if there is none. Throws kWrongType if the key is not a
// hash.
std::optional<std::string> read(const Scope& scope, const Key& key, std::string_view field) {
  std::optional<std::string> value = scope.get(key.field(field).of(Type::kString));
  if (!value) expect_type(scope, key, Type::kMap);
  return value;
}

// Writes the pairs and returns the number of new fields; nullopt after an error reply.
std::optional<std::int64_t> write_pairs(Call& call) {
  if (call.size() % 2 != 0) {
    call.reply().error(arity_error(call.command.name));
    return std::nullopt;
  }
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  std::int64_t added = 0;
  for (std::size_t i = 2; i < call.size(); i += 2) {
    if (overwrite(call.scope, key.field(call[i]), call[i + 1])) ++added;
  }
  return added;
}

void hset(Call& call) {
  if (const std::optional<std::int64_t> added = write_pairs(call)) call.reply().integer(*added);
}

void hmset(Call& call) {
  if (write_pairs(call)) call.reply().ok();
}

void hsetnx(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const Key field = key.field(call[2]);
  const bool absent = call.scope.type(field) == Type::kNone;
  if (absent) overwrite(call.scope, field, call[3]);
  call.reply().integer(absent ? 1 : 0);
}

void hget(Call& call) { reply_value(call.reply(), read(call.scope, call.key(1), call[2])); }

void hmget(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  LongAnswer answer(call);
  if (answer.first()) call.reply().array(call.size() - 2);
  answer.each_argument(2, [&](std::string_view field) {
    reply_value(call.reply(), call.scope.get(key.field(field).of(Type::kString)));
  });
}

void hdel(Call& call) {
  Map map{call.scope, call.key(1)};
  std::int64_t removed = 0;
  for (const std::string_view field : call.arguments.subspan(2)) {
    if (map.erase(field)) ++removed;
  }
  call.reply().integer(removed);
}

void hexists(Call& call) {
  call.reply().integer(Map(call.scope, call.key(1)).contains(call[2]) ? 1 : 0);
}

void hlen(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(Map(call.scope, call.key(1)).size()));
}

void hstrlen(Call& call) {
  const std::optional<std::string> value = read(call.scope, call.key(1), call[2]);
  call.reply().integer(value ? static_cast<std::int64_t>(value->size()) : 0);
}

// Replies with the output of `each` for every field that holds a string.
template <typename Each>
void list(Call& call, Writer::Aggregate kind, Each each) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const std::string tag(1, static_cast<char>(Type::kString));
  LongAnswer answer(call);
  call.scope.scan(key.of(Type::kMap), answer.rest(), [&](const Entry& entry) {
    if (!answer.has_time(entry.path.front())) return false;
    if (entry.path.size() == 2 && entry.path[1] == tag) {
      each(entry);
      answer.found();
    }
    return true;
  });
  answer.enclose(kind);
}

void hgetall(Call& call) {
  list(call, Writer::Aggregate::kMap, [&](const Entry& entry) {
    call.reply().bulk(entry.path.front());
    call.reply().bulk(entry.value);
  });
}

void hkeys(Call& call) {
  list(call, Writer::Aggregate::kArray,
       [&](const Entry& entry) { call.reply().bulk(entry.path.front()); });
}

void hvals(Call& call) {
  list(call, Writer::Aggregate::kArray,
       [&](const Entry& entry) { call.reply().bulk(entry.value); });
}

void hincrby(Call& call) {
  const std::optional<std::int64_t> amount = take_integer(call, 3);
  if (!amount) return;
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const Key field = key.field(call[2]);
  const std::optional<std::string> shown = Register<std::string>(call.scope, field).get();
  const std::optional<std::int64_t> old = shown ? core::parse_integer(*shown) : 0;
  if (!old) return call.reply().error("ERR hash value is not an integer");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*old, *amount, &sum)) return call.reply().error(kOverflow);
  call.scope.add(field.of(Type::kString), *amount);
  call.reply().integer(sum);
}

constexpr KeyRange kOne{1, 1, 1};
constexpr std::uint32_t kQuickRead = kReads | kFast;
constexpr std::uint32_t kQuickWrite = kWrites | kFast;

constexpr Command kCommands[] = {
    {"hset", -4, kQuickWrite, Right::kWrite, kOne, "key field value [field value ...]",
     "Makes fields of a hash hold strings.", hset},
    {"hmset", -4, kQuickWrite, Right::kWrite, kOne, "key field value [field value ...]",
     "Makes fields of a hash hold strings.", hmset},
    {"hsetnx", 4, kQuickWrite, Right::kWrite, kOne, "key field value",
     "Makes a field of a hash hold a string unless it is there.", hsetnx},
    {"hget", 3, kQuickRead, Right::kRead, kOne, "key field", "The string in a field.", hget},
    {"hmget", -3, kQuickRead | kLong, Right::kRead, kOne, "key field [field ...]",
     "The strings in some fields.", hmget},
    {"hdel", -3, kQuickWrite, Right::kWrite, kOne, "key field [field ...]",
     "Removes fields of a hash.", hdel},
    {"hgetall", 2, kReads | kLong, Right::kRead, kOne, "key", "All fields with their strings.",
     hgetall},
    {"hlen", 2, kQuickRead, Right::kRead, kOne, "key", "How many fields a hash has.", hlen},
    {"hkeys", 2, kReads | kLong, Right::kRead, kOne, "key", "The names of all fields.", hkeys},
    {"hvals", 2, kReads | kLong, Right::kRead, kOne, "key", "The strings in all fields.", hvals},
    {"hexists", 3, kQuickRead, Right::kRead, kOne, "key field", "Whether a hash has a field.",
     hexists},
    {"hstrlen", 3, kQuickRead, Right::kRead, kOne, "key field", "The size of a field's string.",
     hstrlen},
    {"hincrby", 4, kQuickWrite, Right::kWrite, kOne, "key field amount",
     "Adds an integer to a field; additions in all regions count.", hincrby},
};

}  // namespace

std::span<const Command> hash_commands() { return kCommands; }

}  // namespace anabranch::server
