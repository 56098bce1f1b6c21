// Hashes: maps whose fields are strings. A field of another type, written by an embedded program,
// counts in HLEN and HEXISTS, is overwritten by HSET, and is omitted from lists of strings.

#include <cmath>
#include <string>

#include "server/resp/command.h"
#include "server/resp/commands/values/additions.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

// Stores a string in the field. Returns whether the field was absent.
bool overwrite(Scope& txn, const Key& field, std::string_view value) {
  const Type before = txn.type(field);
  if (before != Type::kNone && before != Type::kString) txn.clear(field);
  txn.set(field.of(Type::kString), value);
  return before == Type::kNone;
}

// Returns the string in a field; nullopt if there is none. Throws kWrongType if the key is not a
// hash.
std::optional<std::string> read(const Scope& scope, const Key& key, std::string_view field) {
  std::optional<std::string> value;
  if (!is_too_long(field)) value = scope.get(key.field(field).of(Type::kString));
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

// Counts the lookup of a key that holds a hash or nothing.
void count_key(const Call& call, const Key& key) {
  count_lookup(call, call.scope.count(key.of(Type::kMap)) > 0);
}

void hget(Call& call) {
  const Key key = call.key(1);
  const std::optional<std::string> value = read(call.scope, key, call[2]);
  if (value) {
    count_lookup(call, true);
  } else {
    count_key(call, key);
  }
  reply_value(call.reply(), value);
}

void hmget(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  LongAnswer answer(call);
  call.reply().array(call.size() - 2);
  answer.each_argument(2, [&](std::string_view field) {
    if (is_too_long(field)) return call.reply().null();
    reply_value(call.reply(), call.scope.get(key.field(field).of(Type::kString)));
  });
}

void hdel(Call& call) {
  Map map{call.scope, call.key(1)};
  std::int64_t removed = 0;
  for (const std::string_view field : call.arguments.subspan(2)) {
    if (!is_too_long(field) && map.erase(field)) ++removed;
  }
  call.reply().integer(removed);
}

void hexists(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const std::string_view name = call[2];
  const bool found = !is_too_long(name) && call.scope.type(key.field(name)) != Type::kNone;
  call.reply().integer(found ? 1 : 0);
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
void reply_entries(Call& call, Writer::Aggregate kind, Each each) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const std::string tag(1, static_cast<char>(Type::kString));
  LongAnswer answer(call);
  call.scope.scan(key.of(Type::kMap), [&](const Entry& entry) {
    if (entry.path.empty()) return true;  // Of no field: a peer has written that.
    answer.look_at(entry.path.front());
    if (entry.path.size() == 2 && entry.path[1] == tag) {
      each(entry);
      answer.found();
    }
    return true;
  });
  answer.enclose(kind);
}

void hgetall(Call& call) {
  reply_entries(call, Writer::Aggregate::kMap, [&](const Entry& entry) {
    call.reply().bulk(entry.path.front());
    call.reply().bulk(entry.value);
  });
}

void hkeys(Call& call) {
  reply_entries(call, Writer::Aggregate::kArray,
                [&](const Entry& entry) { call.reply().bulk(entry.path.front()); });
}

void hvals(Call& call) {
  reply_entries(call, Writer::Aggregate::kArray,
                [&](const Entry& entry) { call.reply().bulk(entry.value); });
}

void hincrbyfloat(Call& call) {
  const std::optional<double> amount = take_double(call, 3);
  if (!amount) return;
  if (std::isinf(*amount)) return call.reply().error("ERR value is NaN or Infinity");
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  const Key row = key.field(call[2]).of(Type::kString);
  add_double(call, row, call.scope.get(row), call[3], "ERR hash value is not a float");
}

void hincrby(Call& call) {
  const std::optional<std::int64_t> amount = take_integer(call, 3);
  if (!amount) return;
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kMap);
  add_integer(call, key.field(call[2]), *amount, "ERR hash value is not an integer");
}

constexpr Command kHashCommands[] = {
    {.name = "hset",
     .arity = -4,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = hset,
     .since = "2.0.0",
     .usage = "key field value [field value ...]",
     .help = "Makes fields of a hash hold strings.",
     .complexity = "O(N), N the number of fields",
     .merging = "Fields merge one by one. Per field: The last writer wins, or the policy of the "
                "prefix; the other values stay as siblings until a write replaces them."},
    {.name = "hmset",
     .arity = -4,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = hmset,
     .since = "2.0.0",
     .usage = "key field value [field value ...]",
     .help = "Makes fields of a hash hold strings.",
     .complexity = "O(N), N the number of fields",
     .merging = "Fields merge one by one. Per field: The last writer wins, or the policy of the "
                "prefix; the other values stay as siblings until a write replaces them.",
     .deprecated_since = "4.0.0",
     .replaced_by = "HSET with multiple field-value pairs"},
    {.name = "hsetnx",
     .arity = 4,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kInsert)},
     .run = hsetnx,
     .since = "2.0.0",
     .usage = "key field value",
     .help = "Makes a field of a hash hold a string unless it is there.",
     .complexity = "O(1)",
     .caution = "Not exclusive across regions: two regions can both succeed, since each looks at "
                "itself alone.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them."},
    {.name = "hget",
     .arity = 3,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = hget,
     .since = "2.0.0",
     .usage = "key field",
     .help = "The string in a field.",
     .complexity = "O(1)"},
    {.name = "hmget",
     .arity = -3,
     .flags = kReads | kFast | kLong,
     .keys = {kReadKey},
     .run = hmget,
     .since = "2.0.0",
     .usage = "key field [field ...]",
     .help = "The strings in some fields.",
     .complexity = "O(N), N the number of fields"},
    {.name = "hdel",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kDelete)},
     .run = hdel,
     .since = "2.0.0",
     .usage = "key field [field ...]",
     .help = "Removes fields of a hash.",
     .complexity = "O(N), N the number of fields",
     .merging =
         "Removes the values seen here: concurrent writes of other regions to a field stay."},
    {.name = "hgetall",
     .arity = 2,
     .flags = kReads | kLong,
     .keys = {kReadKey},
     .run = hgetall,
     .since = "2.0.0",
     .usage = "key",
     .help = "All fields with their strings.",
     .complexity = "O(N), N the size of the hash; in slices"},
    {.name = "hlen",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = hlen,
     .since = "2.0.0",
     .usage = "key",
     .help = "How many fields a hash has.",
     .complexity = "O(1)"},
    {.name = "hkeys",
     .arity = 2,
     .flags = kReads | kLong,
     .keys = {kReadKey},
     .run = hkeys,
     .since = "2.0.0",
     .usage = "key",
     .help = "The names of all fields.",
     .complexity = "O(N), N the size of the hash; in slices"},
    {.name = "hvals",
     .arity = 2,
     .flags = kReads | kLong,
     .keys = {kReadKey},
     .run = hvals,
     .since = "2.0.0",
     .usage = "key",
     .help = "The strings in all fields.",
     .complexity = "O(N), N the size of the hash; in slices"},
    {.name = "hexists",
     .arity = 3,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = hexists,
     .since = "2.0.0",
     .usage = "key field",
     .help = "Whether a hash has a field.",
     .complexity = "O(1)"},
    {.name = "hstrlen",
     .arity = 3,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = hstrlen,
     .since = "3.2.0",
     .usage = "key field",
     .help = "The size of a field's string.",
     .complexity = "O(1)"},
    {.name = "hincrby",
     .arity = 4,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = hincrby,
     .since = "2.0.0",
     .usage = "key field increment",
     .help = "Adds an integer to a field; additions in all regions count.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them."},
    {.name = "hincrbyfloat",
     .arity = 4,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = hincrbyfloat,
     .since = "2.6.0",
     .usage = "key field increment:double",
     .help = "Adds a number to a field; additions in all regions count. The sum is a decimal, as "
             "that of INCRBYFLOAT.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them. "
                "A string that is no integer is replaced by the sum, as a value: then the last "
                "writer wins."},
};

}  // namespace

std::span<const Command> hash_commands() { return kHashCommands; }

}  // namespace anabranch::server
