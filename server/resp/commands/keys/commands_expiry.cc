// The expiry of keys of every type.

#include <array>
#include <limits>
#include <string>

#include "server/resp/command.h"
#include "server/resp/commands/expiry_time.h"

namespace anabranch::server {
namespace {

constexpr std::int64_t kSecondMs = 1'000;

// How the new deadline depends on the present one.
struct Condition {
  bool if_none = false;
  bool if_some = false;
  bool if_later = false;
  bool if_earlier = false;
  std::string error;
};

Condition condition(const Call& call) {
  Condition found;
  for (std::size_t i = 3; i < call.size(); ++i) {
    if (same_word(call[i], "nx")) {
      found.if_none = true;
    } else if (same_word(call[i], "xx")) {
      found.if_some = true;
    } else if (same_word(call[i], "gt")) {
      found.if_later = true;
    } else if (same_word(call[i], "lt")) {
      found.if_earlier = true;
    } else {
      found.error = "ERR Unsupported option " + std::string(call[i]);
      return found;
    }
  }
  if (found.if_none && (found.if_some || found.if_later || found.if_earlier)) {
    found.error = "ERR NX and XX, GT or LT options at the same time are not compatible";
  }
  if (found.if_later && found.if_earlier) {
    found.error = "ERR GT and LT options at the same time are not compatible";
  }
  return found;
}

// Whether a new deadline may replace the present one; no deadline is later than any.
bool allows(const Condition& condition, const std::optional<std::int64_t>& before,
            std::int64_t deadline) {
  if (condition.if_none && before) return false;
  if (condition.if_some && !before) return false;
  if (condition.if_later && (!before || deadline <= *before)) return false;
  return !condition.if_earlier || !before || deadline < *before;
}

// Reads the options before the number, as Redis does.
void expire(Call& call, TimeForm form) {
  const Condition wanted = condition(call);
  if (!wanted.error.empty()) return call.reply().error(wanted.error);
  const std::optional<std::int64_t> number = take_integer(call, 2);
  if (!number) return;
  const auto deadline = deadline_of(form, *number, call.scope.now_ms());
  if (!deadline) return call.reply().error(invalid_expiry(call.command.name));
  const Key key = call.key(1);
  const bool done =
      allows(wanted, call.scope.deadline(key), *deadline) && call.scope.expire(key, *deadline);
  call.reply().integer(done ? 1 : 0);
}

void expire_seconds(Call& call) { expire(call, {TimeForm::Unit::kSeconds, false}); }
void expire_millis(Call& call) { expire(call, {TimeForm::Unit::kMillis, false}); }
void expire_at(Call& call) { expire(call, {TimeForm::Unit::kSeconds, true}); }
void expire_at_millis(Call& call) { expire(call, {TimeForm::Unit::kMillis, true}); }

void persist(Call& call) {
  call.reply().integer(call.scope.expire(call.key(1), std::nullopt) ? 1 : 0);
}

// Replies -2 if the key does not exist, -1 if it never expires. Seconds are rounded.
void tell(Call& call, bool left, std::int64_t unit_ms) {
  const Key key = call.key(1);
  const std::optional<std::int64_t> deadline = call.scope.deadline(key);
  const bool there = deadline || call.scope.type(key) != Type::kNone;
  count_lookup(call, there);
  if (!deadline) return call.reply().integer(there ? -1 : -2);
  const std::int64_t ms = left ? *deadline - call.scope.now_ms() : *deadline;
  call.reply().integer((ms + unit_ms / 2) / unit_ms);
}

void ttl(Call& call) { tell(call, true, kSecondMs); }
void pttl(Call& call) { tell(call, true, 1); }
void expiretime(Call& call) { tell(call, false, kSecondMs); }
void pexpiretime(Call& call) { tell(call, false, 1); }

constexpr Command kExpiryCommands[] = {
    {.name = "expire",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = expire_seconds,
     .since = "1.0.0",
     .usage = "key seconds [NX | XX | GT | LT]",
     .help = "Lets a key cease to be so long from now on.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays. NX, XX, GT and LT "
                "look at this region alone."},
    {.name = "pexpire",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = expire_millis,
     .since = "2.6.0",
     .usage = "key milliseconds [NX | XX | GT | LT]",
     .help = "Lets a key cease to be so long from now on.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays. NX, XX, GT and LT "
                "look at this region alone."},
    {.name = "expireat",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = expire_at,
     .since = "1.2.0",
     .usage = "key unix-time-seconds [NX | XX | GT | LT]",
     .help = "Lets a key cease to be at a time; one after the year 10889 is taken as that.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays. NX, XX, GT and LT "
                "look at this region alone."},
    {.name = "pexpireat",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = expire_at_millis,
     .since = "2.6.0",
     .usage = "key unix-time-milliseconds [NX | XX | GT | LT]",
     .help = "Lets a key cease to be at a time; one after the year 10889 is taken as that.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays. NX, XX, GT and LT "
                "look at this region alone."},
    {.name = "persist",
     .arity = 2,
     .flags = kWrites | kFast,
     .keys = {kUpdatedKey},
     .run = persist,
     .since = "2.2.0",
     .usage = "key",
     .help = "Lets a key stay.",
     .complexity = "O(1)",
     .merging = "Writers, not clocks, decide between concurrent deadlines: docs/semantics.md, "
                "\"Expiry\". A write that is concurrent to the expiry stays."},
    {.name = "ttl",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = ttl,
     .since = "1.0.0",
     .usage = "key",
     .help = "How many seconds a key still has; -1 when it stays, -2 when there is none.",
     .complexity = "O(1)"},
    {.name = "pttl",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = pttl,
     .since = "2.6.0",
     .usage = "key",
     .help = "How many milliseconds a key still has; -1 when it stays, -2 when there is none.",
     .complexity = "O(1)"},
    {.name = "expiretime",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = expiretime,
     .since = "7.0.0",
     .usage = "key",
     .help = "When a key ceases to be, in seconds; -1 when it stays, -2 when there is none.",
     .complexity = "O(1)"},
    {.name = "pexpiretime",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kReadKey},
     .run = pexpiretime,
     .since = "7.0.0",
     .usage = "key",
     .help = "When a key ceases to be, in milliseconds; -1 when it stays, -2 when there is none.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> expiry_commands() { return kExpiryCommands; }

}  // namespace anabranch::server
