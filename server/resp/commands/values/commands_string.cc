// Strings: registers, and the counters that share their rows.

#include <algorithm>
#include <limits>
#include <string>

#include "server/resp/command.h"
#include "server/resp/commands/expiry_time.h"
#include "server/resp/commands/values/additions.h"
#include "server/resp/commands/values/grown_string.h"
#include "server/resp/host.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

// Stores a string at the key, replacing a value of any type.
void overwrite(Scope& txn, const Key& key, Type before, std::string_view value) {
  if (before != Type::kNone && before != Type::kString) txn.clear(key);
  txn.set(key.of(Type::kString), value);
}

// Returns the string; nullopt if there is none. Throws kWrongType if the key holds another type.
std::optional<std::string> read(const Scope& scope, const Key& key) {
  std::optional<std::string> value = scope.get(key.of(Type::kString));
  if (!value) expect_type(scope, key, Type::kString);
  return value;
}

// The same for commands that go on to write: to ask for the type first loads the row into the
// stage, so that it is looked up once.
std::optional<std::string> read_to_write(const Scope& scope, const Key& key) {
  expect_type(scope, key, Type::kString);
  return scope.get(key.of(Type::kString));
}

// Shows the string of a key to `function` without a copy; returns false if the key has no value.
bool show(const Call& call, std::size_t position, const Scope::Show& function) {
  const Key key = call.key(position);
  const bool found = call.scope.show(key.of(Type::kString), function);
  if (!found) expect_type(call.scope, key, Type::kString);
  count_lookup(call, found);
  return found;
}

void get(Call& call) {
  const bool found = show(call, 1, [&](std::string_view value) { call.reply().bulk(value); });
  if (!found) call.reply().null();
}

struct SetOptions {
  bool if_absent = false;
  bool if_present = false;
  bool get = false;
  bool keep_expiry = false;
  std::optional<TimeForm> form;  // The form of the expiry time...
  std::size_t time = 0;          // ...and its position among the words.
  bool valid = true;
};

SetOptions set_options(const Call& call) {
  SetOptions options;
  for (std::size_t i = 3; i < call.size(); ++i) {
    const std::string_view word = call[i];
    const std::optional<TimeForm> form = time_form(word);
    if (same_word(word, "nx")) {
      options.if_absent = true;
    } else if (same_word(word, "xx")) {
      options.if_present = true;
    } else if (same_word(word, "get")) {
      options.get = true;
    } else if (same_word(word, "keepttl")) {
      options.keep_expiry = true;
    } else if (form && (!options.form || options.form == form) && i + 1 < call.size()) {
      options.form = form;
      options.time = ++i;
    } else {
      options.valid = false;
    }
  }
  if (options.if_absent && options.if_present) options.valid = false;
  if (options.form && options.keep_expiry) options.valid = false;
  return options;
}

// Returns the time given by an argument, which must be positive; nullopt after an error reply.
std::optional<std::int64_t> take_deadline(Call& call, TimeForm form, std::size_t position) {
  const std::optional<std::int64_t> number = take_integer(call, position);
  if (!number) return std::nullopt;
  const auto deadline =
      *number > 0 ? deadline_of(form, *number, call.scope.now_ms()) : std::nullopt;
  if (!deadline) call.reply().error(invalid_expiry(call.command.name));
  return deadline;
}

void set(Call& call) {
  const SetOptions options = call.size() > 3 ? set_options(call) : SetOptions{};
  if (!options.valid) return call.reply().error(kSyntaxError);
  const Key key = call.key(1);
  std::optional<std::int64_t> deadline;
  if (options.keep_expiry) deadline = call.scope.deadline(key);
  if (options.form) {
    deadline = take_deadline(call, *options.form, options.time);
    if (!deadline) return;
  }
  std::optional<std::string> old;
  if (options.get) old = read(call.scope, key);
  const Type before = call.scope.type(key);
  const bool present = before != Type::kNone;
  const bool refused = (options.if_absent && present) || (options.if_present && !present);
  if (!refused) {
    overwrite(call.scope, key, before, call[2]);
    if (deadline) call.scope.expire(key, deadline);
  }
  if (options.get) return reply_value(call.reply(), old);
  if (refused) return call.reply().null();
  call.reply().ok();
}

void set_with(Call& call, TimeForm form) {
  const std::optional<std::int64_t> deadline = take_deadline(call, form, 2);
  if (!deadline) return;
  const Key key = call.key(1);
  overwrite(call.scope, key, call.scope.type(key), call[3]);
  call.scope.expire(key, deadline);
  call.reply().ok();
}

void setex(Call& call) { set_with(call, {TimeForm::Unit::kSeconds, false}); }

void psetex(Call& call) { set_with(call, {TimeForm::Unit::kMillis, false}); }

// Reads the key before the time, as Redis does: without a string at the key, the time is not
// checked.
void getex(Call& call) {
  bool persists = false;
  std::optional<TimeForm> form;
  std::size_t time = 0;
  for (std::size_t i = 2; i < call.size(); ++i) {
    const std::optional<TimeForm> named = time_form(call[i]);
    if (same_word(call[i], "persist")) {
      persists = true;
    } else if (named && (!form || form == named) && i + 1 < call.size()) {
      form = named;
      time = ++i;
    } else {
      return call.reply().error(kSyntaxError);
    }
  }
  if (persists && form) return call.reply().error(kSyntaxError);
  const Key key = call.key(1);
  const std::optional<std::string> value = read(call.scope, key);
  if (!value) return call.reply().null();
  std::optional<std::int64_t> deadline;
  if (form) {
    deadline = take_deadline(call, *form, time);
    if (!deadline) return;
  }
  if (persists || form) call.scope.expire(key, deadline);
  call.reply().bulk(*value);
}

void setnx(Call& call) {
  const Key key = call.key(1);
  const bool absent = call.scope.type(key) == Type::kNone;
  if (absent) overwrite(call.scope, key, Type::kNone, call[2]);
  call.reply().integer(absent ? 1 : 0);
}

void getset(Call& call) {
  const Key key = call.key(1);
  const std::optional<std::string> old = read(call.scope, key);
  overwrite(call.scope, key, Type::kString, call[2]);
  reply_value(call.reply(), old);
}

void getdel(Call& call) {
  const Key key = call.key(1);
  const std::optional<std::string> old = read(call.scope, key);
  if (old) call.scope.clear(key);
  reply_value(call.reply(), old);
}

void mget(Call& call) {
  LongAnswer answer(call);
  call.reply().array(call.size() - 1);
  answer.each_argument(1, [&](std::string_view name) {
    const std::optional<std::string> value = call.scope.get(call.key(name).of(Type::kString));
    count_lookup(call, value.has_value());
    reply_value(call.reply(), value);
  });
}

void write_pairs(Call& call) {
  for (std::size_t i = 1; i < call.size(); i += 2) {
    const Key key = call.key(i);
    overwrite(call.scope, key, call.scope.type(key), call[i + 1]);
  }
}

void mset(Call& call) {
  if (call.size() % 2 == 0) return call.reply().error(arity_error(call.command.name));
  write_pairs(call);
  call.reply().ok();
}

void msetnx(Call& call) {
  if (call.size() % 2 == 0) return call.reply().error(arity_error(call.command.name));
  for (std::size_t i = 1; i < call.size(); i += 2) {
    if (call.scope.type(call.key(i)) != Type::kNone) return call.reply().integer(0);
  }
  write_pairs(call);
  call.reply().integer(1);
}

void strlen(Call& call) {
  std::size_t size = 0;
  (void)show(call, 1, [&](std::string_view value) { size = value.size(); });
  call.reply().integer(static_cast<std::int64_t>(size));
}

// Stores a string at a key that holds one or nothing, and keeps the deadline.
void rewrite(Scope& txn, const Key& key, std::string_view value) {
  const std::optional<std::int64_t> deadline = txn.deadline(key);
  overwrite(txn, key, Type::kString, value);
  if (deadline) txn.expire(key, deadline);
}

void append(Call& call) {
  const Key key = call.key(1);
  const std::string_view part = call[2];
  std::string value = copy_to_grow(call, key, [&](std::size_t size) { return size + part.size(); });
  value.append(part);
  rewrite(call.scope, key, value);
  call.reply().integer(static_cast<std::int64_t>(value.size()));
}

// Returns the place in a string of so many bytes that an index names: negative ones count from the
// end.
std::int64_t place_of(std::int64_t index, std::int64_t size) {
  return index < 0 ? std::max<std::int64_t>(index + size, 0) : index;
}

// Returns the bytes from the first index to the last one.
std::string_view part_of(std::string_view value, std::int64_t first, std::int64_t last) {
  const auto size = static_cast<std::int64_t>(value.size());
  const std::int64_t begin = place_of(first, size);
  const std::int64_t end = std::min(place_of(last, size), size - 1);
  const bool none = (first < 0 && last < 0 && first > last) || begin > end || size == 0;
  if (none) return {};
  return value.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin + 1));
}

void getrange(Call& call) {
  const std::optional<std::int64_t> first = take_integer(call, 2);
  if (!first) return;
  const std::optional<std::int64_t> last = take_integer(call, 3);
  if (!last) return;
  const bool found = show(
      call, 1, [&](std::string_view value) { call.reply().bulk(part_of(value, *first, *last)); });
  if (!found) call.reply().bulk("");
}

void setrange(Call& call) {
  const std::optional<std::int64_t> offset = take_integer(call, 2);
  if (!offset) return;
  if (*offset < 0) return call.reply().error("ERR offset is out of range");
  const Key key = call.key(1);
  const std::string_view part = call[3];
  const auto begin = static_cast<std::size_t>(*offset);
  const bool is_far = !part.empty() && begin > call.host.options.value_bytes_max;
  std::string value = copy_to_grow(call, key, [&](std::size_t size) {
    return part.empty() || is_far ? size : std::max(size, begin + part.size());
  });
  if (is_far) {
    return call.reply().error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  }
  if (!part.empty()) {
    value.resize(std::max(value.size(), begin + part.size()));
    value.replace(begin, part.size(), part);
    rewrite(call.scope, key, value);
  }
  call.reply().integer(static_cast<std::int64_t>(value.size()));
}

void add(Call& call, std::int64_t amount) { add_integer(call, call.key(1), amount, kNotInteger); }

void incr(Call& call) { add(call, 1); }

void decr(Call& call) { add(call, -1); }

void incrby(Call& call) {
  if (const std::optional<std::int64_t> amount = take_integer(call, 2)) add(call, *amount);
}

void decrby(Call& call) {
  const std::optional<std::int64_t> amount = take_integer(call, 2);
  if (!amount) return;
  if (*amount == std::numeric_limits<std::int64_t>::min()) {
    return call.reply().error("ERR decrement would overflow");
  }
  add(call, -*amount);
}

void incrbyfloat(Call& call) {
  constexpr std::string_view kNotNumber = "ERR value is not a valid float";
  const Key key = call.key(1);
  const std::optional<std::string> before = read_to_write(call.scope, key);
  if (before && !parse_double(*before)) return call.reply().error(kNotNumber);
  if (!take_double(call, 2)) return;
  const std::optional<std::int64_t> deadline = call.scope.deadline(key);
  add_double(call, key.of(Type::kString), before, call[2], kNotNumber);
  if (deadline && !call.scope.deadline(key)) call.scope.expire(key, deadline);
}

constexpr Command kStringCommands[] = {
    {.name = "get",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = get,
     .since = "1.0.0",
     .usage = "key",
     .help = "The string at a key.",
     .complexity = "O(1)"},
    {.name = "set",
     .arity = -3,
     .flags = kWrites,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kUpdate | kVariable)},
     .run = set,
     .since = "1.0.0",
     .usage = "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
              "PXAT unix-time-milliseconds | KEEPTTL]",
     .help = "Makes a key hold a string, whatever it held before.",
     .complexity = "O(1)",
     .caution = "NX is not exclusive across regions: two regions can both succeed, since each "
                "looks at itself alone.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them."},
    {.name = "setex",
     .arity = 4,
     .flags = kWrites,
     .keys = {key_at(1, kOverwrites | kUpdate)},
     .run = setex,
     .since = "2.0.0",
     .usage = "key seconds value",
     .help = "Makes a key hold a string for so long.",
     .complexity = "O(1)",
     .merging =
         "The last writer wins, or the policy of the prefix; the other values stay as siblings "
         "until a write replaces them. Writers, not clocks, decide between concurrent deadlines: "
         "docs/semantics.md, \"Expiry\". A write that is concurrent to the expiry stays."},
    {.name = "psetex",
     .arity = 4,
     .flags = kWrites,
     .keys = {key_at(1, kOverwrites | kUpdate)},
     .run = psetex,
     .since = "2.6.0",
     .usage = "key milliseconds value",
     .help = "Makes a key hold a string for so long.",
     .complexity = "O(1)",
     .merging =
         "The last writer wins, or the policy of the prefix; the other values stay as siblings "
         "until a write replaces them. Writers, not clocks, decide between concurrent deadlines: "
         "docs/semantics.md, \"Expiry\". A write that is concurrent to the expiry stays."},
    {.name = "getex",
     .arity = -2,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = getex,
     .since = "6.2.0",
     .usage = "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
              "unix-time-milliseconds | PERSIST]",
     .help = "The string at a key, and lets it expire or stay.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays."},
    {.name = "setnx",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kOverwrites | kInsert)},
     .run = setnx,
     .since = "1.0.0",
     .usage = "key value",
     .help = "Makes a key hold a string unless it holds something.",
     .complexity = "O(1)",
     .caution = "Not exclusive across regions: two regions can both succeed, since each looks at "
                "itself alone.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them."},
    {.name = "getset",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = getset,
     .since = "1.0.0",
     .usage = "key value",
     .help = "Makes a key hold a string and returns the old one.",
     .complexity = "O(1)",
     .caution = "Two regions can reply with the same value.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them.",
     .deprecated_since = "6.2.0",
     .replaced_by = "SET with the GET argument"},
    {.name = "getdel",
     .arity = 2,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kDelete)},
     .run = getdel,
     .since = "6.2.0",
     .usage = "key",
     .help = "Removes a string and returns it.",
     .complexity = "O(1)",
     .caution = "Two regions can reply with the same value.",
     .merging = "A value that is written concurrently with the removal survives it."},
    {.name = "mget",
     .arity = -2,
     .flags = kReads | kFast | kLong,
     .keys = {keys_from(1, kReadsOnly | kAccess)},
     .run = mget,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "The strings at some keys.",
     .complexity = "O(N), N the number of keys"},
    {.name = "mset",
     .arity = -3,
     .flags = kWrites,
     .keys = {keys_from(1, kOverwrites | kUpdate, 2)},
     .run = mset,
     .since = "1.0.1",
     .usage = "key value [key value ...]",
     .help = "Makes some keys hold strings, all at once.",
     .complexity = "O(N), N the number of keys",
     .merging = "Visible as a whole in all regions. Per key: The last writer wins, or the policy "
                "of the prefix; the other values stay as siblings until a write replaces them."},
    {.name = "msetnx",
     .arity = -3,
     .flags = kWrites,
     .keys = {keys_from(1, kOverwrites | kInsert, 2)},
     .run = msetnx,
     .since = "1.0.1",
     .usage = "key value [key value ...]",
     .help = "Makes some keys hold strings unless one of them holds something.",
     .complexity = "O(N), N the number of keys",
     .caution = "Not exclusive across regions: two regions can both succeed, since each looks at "
                "itself alone.",
     .merging = "Visible as a whole in all regions. Per key: The last writer wins, or the policy "
                "of the prefix; the other values stay as siblings until a write replaces them."},
    {.name = "strlen",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = strlen,
     .since = "2.2.0",
     .usage = "key",
     .help = "The size of a string.",
     .complexity = "O(1)"},
    {.name = "append",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kInsert)},
     .run = append,
     .since = "2.0.0",
     .usage = "key value",
     .help = "Adds bytes to the end of a string.",
     .complexity = "O(N), N the size of the new value",
     .caution =
         "Of concurrent additions in two regions one is shown: the whole new value is written.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them. A list keeps both."},
    {.name = "incr",
     .arity = 2,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = incr,
     .since = "1.0.0",
     .usage = "key",
     .help = "Adds 1; additions in all regions count.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them."},
    {.name = "decr",
     .arity = 2,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = decr,
     .since = "1.0.0",
     .usage = "key",
     .help = "Subtracts 1; subtractions in all regions count.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them."},
    {.name = "incrby",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = incrby,
     .since = "1.0.0",
     .usage = "key increment",
     .help = "Adds an integer; additions in all regions count.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them."},
    {.name = "decrby",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = decrby,
     .since = "1.0.0",
     .usage = "key decrement",
     .help = "Subtracts an integer; subtractions in all regions count.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them."},
    {.name = "incrbyfloat",
     .arity = 3,
     .flags = kWrites | kFast,
     .keys = {kChangedKey},
     .run = incrbyfloat,
     .since = "2.6.0",
     .usage = "key increment:double",
     .help = "Adds a number; additions in all regions count. The sum is a decimal, with at most 17 "
             "digits behind the point and no exponent.",
     .complexity = "O(1)",
     .caution =
         "The number in the reply is this region's: two regions can reply with the same one.",
     .merging = "Additions of all regions count, unless a write that has seen them replaces them. "
                "A string that is no integer is replaced by the sum, as a value: then the last "
                "writer wins."},
    {.name = "getrange",
     .arity = 4,
     .flags = kReads,
     .keys = {kReadKey},
     .run = getrange,
     .since = "2.4.0",
     .usage = "key start end",
     .help = "A part of a string.",
     .complexity = "O(N), N the size of the string"},
    {.name = "substr",
     .arity = 4,
     .flags = kReads,
     .keys = {kReadKey},
     .run = getrange,
     .since = "1.0.0",
     .usage = "key start end",
     .help = "A part of a string.",
     .complexity = "O(N), N the size of the string",
     .deprecated_since = "2.0.0",
     .replaced_by = "GETRANGE"},
    {.name = "setrange",
     .arity = 4,
     .flags = kWrites,
     .keys = {kUpdatedKey},
     .run = setrange,
     .since = "2.2.0",
     .usage = "key offset value",
     .help = "Overwrites a part of a string.",
     .complexity = "O(N), N the size of the new value",
     .caution =
         "Of concurrent changes in two regions one is shown: the whole new value is written.",
     .merging = "The last writer wins, or the policy of the prefix; the other values stay as "
                "siblings until a write replaces them."},
};

}  // namespace

std::span<const Command> string_commands() { return kStringCommands; }

}  // namespace anabranch::server
