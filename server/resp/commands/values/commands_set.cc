// Sets: an add survives a concurrent remove.

#include <string>

#include "server/resp/command.h"
#include "server/resp/long_answer.h"

namespace anabranch::server {
namespace {

using Elements = Set<std::string>;

// Calls `change` with each element named by the call and counts the results that are true.
template <typename Change>
void change_each(Call& call, Change change) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  std::int64_t changed = 0;
  for (const std::string_view element : call.arguments.subspan(2)) {
    if (change(key.element(element))) ++changed;
  }
  call.reply().integer(changed);
}

void sadd(Call& call) {
  change_each(call, [&](const Key& row) {
    const bool added = !call.scope.contains(row);
    call.scope.put(row, {});
    return added;
  });
}

void srem(Call& call) {
  change_each(call, [&](const Key& row) {
    const bool found = call.scope.contains(row);
    if (found) call.scope.remove(row);
    return found;
  });
}

void smembers(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  LongAnswer answer(call);
  call.scope.scan(key.of(Type::kSet), answer.rest(), [&](const Entry& entry) {
    if (!answer.has_time(entry.path.front())) return false;
    call.reply().bulk(entry.path.front());
    answer.found();
    return true;
  });
  answer.enclose(Writer::Aggregate::kSet);
}

void sismember(Call& call) {
  const bool found = Elements(call.scope, call.key(1)).contains(std::string(call[2]));
  call.reply().integer(found ? 1 : 0);
}

void smismember(Call& call) {
  const Key key = call.key(1);
  expect_type(call.scope, key, Type::kSet);
  LongAnswer answer(call);
  if (answer.first()) call.reply().array(call.size() - 2);
  answer.each_argument(2, [&](std::string_view element) {
    call.reply().integer(call.scope.contains(key.element(element)) ? 1 : 0);
  });
}

void scard(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(Elements(call.scope, call.key(1)).size()));
}

constexpr KeyRange kOne{1, 1, 1};

constexpr Command kCommands[] = {
    {"sadd", -3, kWrites | kFast, Right::kWrite, kOne, "key member [member ...]",
     "Adds members to a set.", sadd},
    {"srem", -3, kWrites | kFast, Right::kWrite, kOne, "key member [member ...]",
     "Removes the members that have been seen here.", srem},
    {"smembers", 2, kReads | kLong, Right::kRead, kOne, "key", "All members of a set.", smembers},
    {"sismember", 3, kReads | kFast, Right::kRead, kOne, "key member",
     "Whether a set has a member.", sismember},
    {"smismember", -3, kReads | kFast | kLong, Right::kRead, kOne, "key member [member ...]",
     "Of each member, whether a set has it.", smismember},
    {"scard", 2, kReads | kFast, Right::kRead, kOne, "key", "How many members a set has.", scard},
};

}  // namespace

std::span<const Command> set_commands() { return kCommands; }

}  // namespace anabranch::server
