// Strings: registers, and the counters that share their rows.

#include <limits>
#include <string>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/commands/expiry_time.h"
#include "server/resp/long_answer.h"

namespace anabranch::server {
namespace {

// Stores a string at the key, replacing a value of any type.
void overwrite(Scope& txn, const Key& key, Type before, std::string_view value) {
  if (before != Type::kNone && before != Type::kString) txn.clear(key);
  const Key row = key.of(Type::kString);
  txn.put(row, value);
  txn.reset(row);
}

// Returns the string; nullopt if there is none. Throws kWrongType if the key holds another type.
std::optional<std::string> read(const Scope& scope, const Key& key) {
  std::optional<std::string> value = scope.get(key.of(Type::kString));
  if (!value) expect_type(scope, key, Type::kString);
  return value;
}

void get(Call& call) { reply_value(call.reply(), read(call.scope, call.key(1))); }

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
  if (answer.first()) call.reply().array(call.size() - 1);
  answer.each_argument(1, [&](std::string_view name) {
    reply_value(call.reply(), call.scope.get(call.key(name).of(Type::kString)));
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
  const std::optional<std::string> value = read(call.scope, call.key(1));
  call.reply().integer(value ? static_cast<std::int64_t>(value->size()) : 0);
}

void append(Call& call) {
  const Key key = call.key(1);
  std::string value = read(call.scope, key).value_or("");
  value.append(call[2]);
  const std::optional<std::int64_t> deadline = call.scope.deadline(key);
  overwrite(call.scope, key, Type::kString, value);
  if (deadline) call.scope.expire(key, deadline);  // The rest of the value keeps its deadline.
  call.reply().integer(static_cast<std::int64_t>(value.size()));
}

void add(Call& call, std::int64_t amount) {
  const Key key = call.key(1);
  const std::optional<std::string> shown = read(call.scope, key);
  const std::optional<std::int64_t> old = shown ? core::parse_integer(*shown) : 0;
  if (!old) return call.reply().error(kNotInteger);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*old, amount, &sum)) return call.reply().error(kOverflow);
  call.scope.add(key.of(Type::kString), amount);
  call.reply().integer(sum);
}

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

constexpr KeyRange kOne{1, 1, 1};
constexpr std::uint32_t kQuickRead = kReads | kFast;
constexpr std::uint32_t kQuickWrite = kWrites | kFast;

constexpr Command kCommands[] = {
    {"get", 2, kQuickRead, Right::kRead, kOne, "key", "The string at a key.", get},
    {"set", -3, kWrites, Right::kWrite, kOne,
     "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT "
     "unix-milliseconds | KEEPTTL]",
     "Makes a key hold a string, whatever it held before.", set},
    {"setex", 4, kWrites, Right::kWrite, kOne, "key seconds value",
     "Makes a key hold a string for so long.", setex},
    {"psetex", 4, kWrites, Right::kWrite, kOne, "key milliseconds value",
     "Makes a key hold a string for so long.", psetex},
    {"getex", -2, kQuickWrite, Right::kWrite, kOne,
     "key [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | PERSIST]",
     "The string at a key, and lets it expire or stay.", getex},
    {"setnx", 3, kQuickWrite, Right::kWrite, kOne, "key value",
     "Makes a key hold a string unless it holds something.", setnx},
    {"getset", 3, kQuickWrite, Right::kWrite, kOne, "key value",
     "Makes a key hold a string and returns the old one.", getset},
    {"getdel", 2, kQuickWrite, Right::kWrite, kOne, "key", "Removes a string and returns it.",
     getdel},
    {"mget",
     -2,
     kQuickRead | kLong,
     Right::kRead,
     {1, -1, 1},
     "key [key ...]",
     "The strings at some keys.",
     mget},
    {"mset",
     -3,
     kWrites,
     Right::kWrite,
     {1, -1, 2},
     "key value [key value ...]",
     "Makes some keys hold strings, all at once.",
     mset},
    {"msetnx",
     -3,
     kWrites,
     Right::kWrite,
     {1, -1, 2},
     "key value [key value ...]",
     "Makes some keys hold strings unless one of them holds something.",
     msetnx},
    {"strlen", 2, kQuickRead, Right::kRead, kOne, "key", "The size of a string.", strlen},
    {"append", 3, kQuickWrite, Right::kWrite, kOne, "key value",
     "Adds bytes to the end of a string.", append},
    {"incr", 2, kQuickWrite, Right::kWrite, kOne, "key", "Adds 1; additions in all regions count.",
     incr},
    {"decr", 2, kQuickWrite, Right::kWrite, kOne, "key",
     "Subtracts 1; subtractions in all regions count.", decr},
    {"incrby", 3, kQuickWrite, Right::kWrite, kOne, "key amount",
     "Adds an integer; additions in all regions count.", incrby},
    {"decrby", 3, kQuickWrite, Right::kWrite, kOne, "key amount",
     "Subtracts an integer; subtractions in all regions count.", decrby},
};

}  // namespace

std::span<const Command> string_commands() { return kCommands; }

}  // namespace anabranch::server
