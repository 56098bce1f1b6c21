// Sets: an add survives a concurrent remove.

#include <string>

#include "server/resp/command.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

using Elements = Set<std::string>;

void sadd(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  std::int64_t added = 0;
  for (const std::string_view member : call.arguments.subspan(2)) {
    const Key row = key.element(member);
    if (!call.scope.contains(row)) ++added;
    call.scope.put(row, {});
  }
  call.reply().integer(added);
}

void srem(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  std::int64_t removed = 0;
  for (const std::string_view member : call.arguments.subspan(2)) {
    if (is_too_long(member)) continue;
    const Key row = key.element(member);
    if (!call.scope.contains(row)) continue;
    call.scope.remove(row);
    ++removed;
  }
  call.reply().integer(removed);
}

void smembers(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  call.reply().require(call.scope.count(key.of(Type::kSet)), kLeastElementBytes);
  LongAnswer answer(call);
  call.scope.scan(key.of(Type::kSet), [&](const Entry& entry) {
    if (entry.path.empty()) return true;  // Of no element: a peer has written that.
    answer.look_at(entry.path.front());
    if (entry.path.size() == 1) {
      call.reply().bulk(entry.path.front());
      answer.found();
    }
    return true;
  });
  answer.enclose(Writer::Aggregate::kSet);
}

void sismember(Call& call) {
  const Key key = call.key(1);
  const bool found = !is_too_long(call[2]) && call.scope.contains(key.element(call[2]));
  if (!found) expect_type(call.scope, key, Type::kSet);
  count_lookup(call, found || call.scope.count(key.of(Type::kSet)) > 0);
  call.reply().integer(found ? 1 : 0);
}

void smismember(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  LongAnswer answer(call);
  call.reply().array(call.size() - 2);
  answer.each_argument(2, [&](std::string_view element) {
    const bool found = !is_too_long(element) && call.scope.contains(key.element(element));
    call.reply().integer(found ? 1 : 0);
  });
}

void scard(Call& call) {
  const std::uint64_t size = Elements(call.scope, call.key(1)).size();
  count_lookup(call, size > 0);
  call.reply().integer(static_cast<std::int64_t>(size));
}

void smove(Call& call) {
  const Key from = call.key(1);
  const Key to = call.key(2);
  if (call.scope.type(from) == Type::kNone) return call.reply().integer(0);
  expect_type(call.scope, from, Type::kSet);
  expect_type(call.scope, to, Type::kSet);
  const Key row = from.element(call[3]);
  const bool found = call.scope.contains(row);
  if (found && from != to) {
    call.scope.remove(row);
    call.scope.put(to.element(call[3]), {});
  }
  call.reply().integer(found ? 1 : 0);
}

constexpr Command kSetCommands[] = {
    {.name = "sadd",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kInsert)},
     .run = sadd,
     .since = "1.0.0",
     .usage = "key member [member ...]",
     .help = "Adds members to a set.",
     .complexity = "O(N), N the number of members",
     .merging = "An addition survives a concurrent removal."},
    {.name = "srem",
     .arity = -3,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kDelete)},
     .run = srem,
     .since = "1.0.0",
     .usage = "key member [member ...]",
     .help = "Removes the members that have been seen here.",
     .complexity = "O(N), N the number of members",
     .merging = "Removes the additions that have been seen here: a member that another region "
                "concurrently adds stays."},
    {.name = "smembers",
     .arity = 2,
     .flags = kReads | kLong,
     .keys = {kReadKey},
     .run = smembers,
     .since = "1.0.0",
     .usage = "key",
     .help = "All members of a set.",
     .complexity = "O(N), N the size of the set; in slices"},
    {.name = "sismember",
     .arity = 3,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = sismember,
     .since = "1.0.0",
     .usage = "key member",
     .help = "Whether a set has a member.",
     .complexity = "O(1)"},
    {.name = "smismember",
     .arity = -3,
     .flags = kReads | kFast | kLong,
     .keys = {kReadKey},
     .run = smismember,
     .since = "6.2.0",
     .usage = "key member [member ...]",
     .help = "Of each member, whether a set has it.",
     .complexity = "O(N), N the number of members"},
    {.name = "scard",
     .arity = 2,
     .flags = kReads | kFast,
     .keys = {kShownKey},
     .run = scard,
     .since = "1.0.0",
     .usage = "key",
     .help = "How many members a set has.",
     .complexity = "O(1)"},
    {.name = "smove",
     .arity = 4,
     .flags = kWrites | kFast,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kDelete), key_at(2, kReadsAndWrites | kInsert)},
     .run = smove,
     .since = "1.0.0",
     .usage = "source destination member",
     .help = "Moves a member to another set.",
     .complexity = "O(1)",
     .caution = "Two regions can move one member to two sets: it is then in both.",
     .merging = "The member is in the destination after both."},
};

}  // namespace

std::span<const Command> set_commands() { return kSetCommands; }

}  // namespace anabranch::server
