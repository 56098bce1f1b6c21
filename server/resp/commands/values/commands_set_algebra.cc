// Intersections, unions and differences of sets.

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/commands/values/set_walk.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

using Operation = SetWalk::Operation;

// So many members are stored by one command; more would hold up all others.
constexpr std::size_t kStoredMax = 100'000;

// Adds the sets that `count` words name, from the one at `first` on, and calls the function with
// each member looked at, until it returns false.
template <typename Each>
void walk_on(Call& call, LongAnswer& answer, Operation operation, std::size_t first,
             std::size_t count, const Each& each) {
  SetWalk walk(operation);
  answer.repeat(count, [&](std::size_t i) { walk.add(call.scope, call.key(first + i)); });
  // A union that has no room is refused before it is made; of the others nobody knows the size.
  if (operation == Operation::kUnion) call.reply().require(walk.largest(), kLeastElementBytes);
  walk.visit(call.scope, [&](const std::string& member, bool belongs) {
    answer.look_at(member, walk.rows_per_member());
    return each(member, belongs);
  });
}

void reply_with(Call& call, Operation operation) {
  LongAnswer answer(call);
  walk_on(call, answer, operation, 1, call.size() - 1,
          [&](const std::string& member, bool belongs) {
            if (!belongs) return true;
            call.reply().bulk(member);
            answer.found();
            return true;
          });
  answer.enclose(Writer::Aggregate::kSet);
}

void sinter(Call& call) { reply_with(call, Operation::kIntersection); }
void sunion(Call& call) { reply_with(call, Operation::kUnion); }
void sdiff(Call& call) { reply_with(call, Operation::kDifference); }

[[noreturn]] void refuse_to_store(const Call& call) {
  throw Error(ErrorCode::kTooLarge, std::string(call.command.name) + " stores at most " +
                                        std::to_string(kStoredMax) + " members");
}

void store(Call& call, Operation operation) {
  SetWalk walk(operation);
  for (std::size_t i = 2; i < call.size(); ++i) walk.add(call.scope, call.key(i));
  if (operation == Operation::kUnion && walk.largest() > kStoredMax) refuse_to_store(call);
  std::vector<std::string> members;
  walk.visit(call.scope, [&](const std::string& member, bool belongs) {
    if (belongs) members.push_back(member);
    return members.size() <= kStoredMax;
  });
  if (members.size() > kStoredMax) refuse_to_store(call);
  const Key to = call.key(1);
  if (call.scope.type(to) != Type::kNone) call.scope.clear(to);
  for (const std::string& member : members) call.scope.put(to.element(member), {});
  call.reply().integer(static_cast<std::int64_t>(members.size()));
}

void sinterstore(Call& call) { store(call, Operation::kIntersection); }
void sunionstore(Call& call) { store(call, Operation::kUnion); }
void sdiffstore(Call& call) { store(call, Operation::kDifference); }

// Returns the limit in the words behind the keys; 0 is none. nullopt after an error reply.
std::optional<std::size_t> take_limit(Call& call, std::size_t position) {
  if (position == call.size()) return 0;
  if (position + 2 != call.size() || !same_word(call[position], "limit")) {
    call.reply().error(kSyntaxError);
    return std::nullopt;
  }
  const auto limit = core::parse_integer(call[position + 1]);
  if (limit && *limit >= 0) return static_cast<std::size_t>(*limit);
  call.reply().error("ERR LIMIT can't be negative");
  return std::nullopt;
}

void sintercard(Call& call) {
  const auto count = core::parse_integer(call[1]);
  if (!count || *count <= 0) {
    return call.reply().error("ERR numkeys should be greater than 0");
  }
  if (*count > static_cast<std::int64_t>(call.size() - 2)) {
    return call.reply().error("ERR Number of keys can't be greater than number of args");
  }
  const auto keys = static_cast<std::size_t>(*count);
  const std::optional<std::size_t> limit = take_limit(call, 2 + keys);
  if (!limit) return;
  LongAnswer answer(call);
  walk_on(call, answer, Operation::kIntersection, 2, keys, [&](const std::string&, bool belongs) {
    if (belongs) answer.found();
    return *limit == 0 || answer.total() != *limit;
  });
  call.reply().integer(static_cast<std::int64_t>(answer.total()));
}

constexpr Command kSetAlgebraCommands[] = {
    {.name = "sinter",
     .arity = -2,
     .flags = kReads | kLong,
     .keys = {keys_from(1, kReadsOnly | kAccess)},
     .run = sinter,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "The members that are in all of the sets.",
     .complexity = "O(N * M), N the size of the smallest set, M the number of sets; in slices"},
    {.name = "sunion",
     .arity = -2,
     .flags = kReads | kLong,
     .keys = {keys_from(1, kReadsOnly | kAccess)},
     .run = sunion,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "The members that are in any of the sets.",
     .complexity = "O(N), N the sum of the sizes of the sets; in slices"},
    {.name = "sdiff",
     .arity = -2,
     .flags = kReads | kLong,
     .keys = {keys_from(1, kReadsOnly | kAccess)},
     .run = sdiff,
     .since = "1.0.0",
     .usage = "key [key ...]",
     .help = "The members of the first set that are in none of the others.",
     .complexity = "O(N * M), N the size of the first set, M the number of sets; in slices"},
    {.name = "sintercard",
     .arity = -3,
     .flags = kReads | kLong,
     .keys = {counted_keys(1, kReadsOnly | kAccess)},
     .run = sintercard,
     .since = "7.0.0",
     .usage = "numkeys key [key ...] [LIMIT limit]",
     .help = "How many members are in all of the sets.",
     .complexity = "O(N * M), N the size of the smallest set, M the number of sets; in slices"},
    {.name = "sinterstore",
     .arity = -3,
     .flags = kWrites | kLarge,
     .keys = {kUpdatedKey, keys_from(2, kReadsOnly | kAccess)},
     .run = sinterstore,
     .since = "1.0.0",
     .usage = "destination key [key ...]",
     .help = "Stores the members that are in all of the sets.",
     .complexity = "O(N * M), N the size of the smallest set, M the number of sets",
     .merging =
         "Writes the members shown here, in place of those seen at the destination: members that "
         "other regions concurrently add there stay. Later changes of the sources do not follow."},
    {.name = "sunionstore",
     .arity = -3,
     .flags = kWrites | kLarge,
     .keys = {key_at(1, kOverwrites | kUpdate), keys_from(2, kReadsOnly | kAccess)},
     .run = sunionstore,
     .since = "1.0.0",
     .usage = "destination key [key ...]",
     .help = "Stores the members that are in any of the sets.",
     .complexity = "O(N), N the sum of the sizes of the sets",
     .merging =
         "Writes the members shown here, in place of those seen at the destination: members that "
         "other regions concurrently add there stay. Later changes of the sources do not follow."},
    {.name = "sdiffstore",
     .arity = -3,
     .flags = kWrites | kLarge,
     .keys = {key_at(1, kOverwrites | kUpdate), keys_from(2, kReadsOnly | kAccess)},
     .run = sdiffstore,
     .since = "1.0.0",
     .usage = "destination key [key ...]",
     .help = "Stores the members of the first set that are in none of the others.",
     .complexity = "O(N * M), N the size of the first set, M the number of sets",
     .merging =
         "Writes the members shown here, in place of those seen at the destination: members that "
         "other regions concurrently add there stay. Later changes of the sources do not follow."},
};

}  // namespace

std::span<const Command> set_algebra_commands() { return kSetAlgebraCommands; }

}  // namespace anabranch::server
