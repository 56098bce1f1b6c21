// Members and fields by chance.

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/commands/drawn_names.h"
#include "server/resp/commands/random_names.h"
#include "server/resp/host.h"
#include "server/resp/slices/long_answer.h"

namespace anabranch::server {
namespace {

// So many members are removed by one SPOP; more would hold up all others.
constexpr std::size_t kPoppedMax = 100'000;

RandomNames names_of(const Call& call, const Key& collection) {
  return {call.scope, collection, call.host.random};
}

// Returns the count in an argument of a command that also takes negative ones; nullopt after an
// error reply.
std::optional<std::int64_t> take_count(Call& call, std::size_t position) {
  const std::optional<std::int64_t> count = take_integer(call, position);
  if (!count || *count != std::numeric_limits<std::int64_t>::min()) return count;
  call.reply().error(
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  return std::nullopt;
}

using Kind = Writer::Aggregate;

// Replies with different names, chosen while all are read. Of those left, each is as likely as the
// others to be among those that are still wanted (Knuth, The Art of Computer Programming 2, 3.4.2,
// algorithm S).
template <typename Each>
void reply_chosen(Call& call, const Key& collection, std::uint64_t size, std::uint64_t wanted,
                  Kind kind, const Each& each) {
  constexpr std::size_t kBatch = 64;
  LongAnswer answer(call);
  std::vector<std::string> batch;
  std::uint64_t visited = 0;
  Span rest;
  do {
    batch.clear();
    call.scope.names(collection, rest, [&](const std::string& name) {
      batch.push_back(name);
      return batch.size() < kBatch;
    });
    for (const std::string& name : batch) {
      answer.look_at(name);
      const std::uint64_t left = size - std::min<std::uint64_t>(size, visited++);
      const std::uint64_t lacking = wanted - answer.total();
      if (left > lacking && call.host.random() % left >= lacking) continue;
      each(name);
      answer.found();
    }
    if (!batch.empty()) rest = Span::after(batch.back());
  } while (batch.size() == kBatch && answer.total() < wanted);
  answer.enclose(kind);
}

// Replies with few different names of many.
template <typename Each>
void reply_few(Call& call, RandomNames& names, std::uint64_t wanted, Kind kind, const Each& each) {
  LongAnswer answer(call);
  std::set<std::string> drawn;
  // The names are many times as many, so that few draws are in vain.
  const auto take = [&](std::size_t) {
    if (drawn.size() == wanted) return;
    const std::optional<std::string> name = names.draw();
    if (!name || !drawn.insert(*name).second) return;
    each(*name);
    answer.found();
  };
  answer.repeat(wanted * 4, take, RandomNames::kNamesPerDraw);
  answer.enclose(kind);
}

// Replies with names of which each may come several times.
template <typename Each>
void reply_repeated(Call& call, const Key& collection, RandomNames& names, std::uint64_t times,
                    Kind kind, const Each& each) {
  LongAnswer answer(call);
  if (names.is_few(times)) {
    const auto take = [&](std::size_t) {
      const std::optional<std::string> name = names.draw();
      if (!name) return;
      each(*name);
      answer.found();
    };
    answer.repeat(times, take, RandomNames::kNamesPerDraw);
    return answer.enclose(kind);
  }
  DrawnNames drawn(names.size(), times);
  answer.names(collection, [&](const std::string& name) { drawn.pass(name, call.host.random); });
  drawn.end_pass(call.host.random);
  answer.repeat(drawn.left(), [&](std::size_t) {
    each(std::string(drawn.next(call.host.random)));
    answer.found();
  });
  answer.enclose(kind);
}

// Replies with names that the call draws: a positive count gives different ones, a negative one may
// give a name several times. `each` writes one element, of so many bytes or more.
template <typename Each>
void reply_drawn(Call& call, const Key& collection, std::int64_t count, Kind kind,
                 std::size_t least_bytes, const Each& each) {
  RandomNames names = names_of(call, collection);
  if (count < 0) {
    const auto times = names.size() == 0 ? 0 : static_cast<std::uint64_t>(-count);
    call.reply().require(times, least_bytes);
    return reply_repeated(call, collection, names, times, kind, each);
  }
  const auto wanted = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), names.size());
  if (names.is_few(wanted)) return reply_few(call, names, wanted, kind, each);
  if (!names.is_small()) return reply_chosen(call, collection, names.size(), wanted, kind, each);
  const std::size_t mark = call.reply().mark();
  const std::vector<std::string> drawn = names.draw_different(wanted);
  for (const std::string& name : drawn) each(name);
  call.reply().enclose(mark, kind, drawn.size());
}

void srandmember(Call& call) {
  const Key key = call.key(1);
  if (call.size() > 3) return call.reply().error(kSyntaxError);
  if (call.size() == 2) {
    expect_type(call.scope, key, Type::kSet);
    const auto drawn = names_of(call, key.of(Type::kSet)).draw();
    count_lookup(call, drawn.has_value());
    return reply_value(call.reply(), drawn);
  }
  const std::optional<std::int64_t> count = take_count(call, 2);
  if (!count) return;
  expect_type(call.scope, key, Type::kSet);
  reply_drawn(call, key.of(Type::kSet), *count, Writer::Aggregate::kArray, kLeastElementBytes,
              [&](const std::string& name) { call.reply().bulk(name); });
}

void spop_one(Call& call, const Key& key) {
  expect_type(call.scope, key, Type::kSet);
  const auto drawn = names_of(call, key.of(Type::kSet)).draw();
  if (drawn) call.scope.remove(key.element(*drawn));
  reply_value(call.reply(), drawn);
}

void spop(Call& call) {
  const Key key = call.key(1);
  if (call.size() > 3) return call.reply().error(kSyntaxError);
  if (call.size() == 2) return spop_one(call, key);
  const std::optional<std::int64_t> count = core::parse_integer(call[2]);
  if (!count || *count < 0) {
    return call.reply().error("ERR value is out of range, must be positive");
  }
  expect_type(call.scope, key, Type::kSet);
  RandomNames names = names_of(call, key.of(Type::kSet));
  const auto wanted = std::min<std::uint64_t>(static_cast<std::uint64_t>(*count), names.size());
  if (wanted > kPoppedMax) {
    throw Error(ErrorCode::kTooLarge,
                "SPOP removes at most " + std::to_string(kPoppedMax) + " members at once");
  }
  const std::vector<std::string> drawn = names.draw_different(wanted);
  call.reply().set(drawn.size());
  for (const std::string& member : drawn) {
    call.scope.remove(key.element(member));
    call.reply().bulk(member);
  }
}

// Replies with a field, and with its value: version 3 has a pair for both.
void reply_field(Call& call, const Key& key, const std::string& name, bool values) {
  Writer& reply = call.reply();
  if (values && reply.protocol() == 3) reply.array(2);
  reply.bulk(name);
  if (values) reply.bulk(call.scope.get(key.field(name).of(Type::kString)).value_or(""));
}

void hrandfield(Call& call) {
  const Key key = call.key(1);
  const bool values = call.size() == 4 && same_word(call[3], "withvalues");
  if (call.size() > 4 || (call.size() == 4 && !values)) return call.reply().error(kSyntaxError);
  if (call.size() == 2) {
    expect_type(call.scope, key, Type::kMap);
    const auto drawn = names_of(call, key.of(Type::kMap)).draw();
    count_lookup(call, drawn.has_value());
    return reply_value(call.reply(), drawn);
  }
  const std::optional<std::int64_t> count = take_count(call, 2);
  if (!count) return;
  constexpr std::int64_t kPairsMax = std::numeric_limits<std::int64_t>::max() / 2;
  if (values && (*count > kPairsMax || *count < -kPairsMax)) {
    return call.reply().error("ERR value is out of range");
  }
  expect_type(call.scope, key, Type::kMap);
  const bool flat = values && call.reply().protocol() == 2;
  reply_drawn(call, key.of(Type::kMap), *count,
              flat ? Writer::Aggregate::kMap : Writer::Aggregate::kArray,
              values ? 2 * kLeastElementBytes : kLeastElementBytes,
              [&](const std::string& name) { reply_field(call, key, name, values); });
}

constexpr Command kRandomCommands[] = {
    {.name = "spop",
     .arity = -2,
     .flags = kWrites | kFast | kLarge,
     .keys = {key_at(1, kReadsAndWrites | kAccess | kDelete)},
     .run = spop,
     .since = "1.0.0",
     .usage = "key [count]",
     .help = "Removes members of a set by chance and returns them.",
     .complexity = "O(N log M), N members of M are removed",
     .caution = "Not exclusive across regions: two regions can pop the same member.",
     .merging = "Removes the additions that have been seen here: a member that another region "
                "concurrently adds stays."},
    {.name = "srandmember",
     .arity = -2,
     .flags = kReads | kLong,
     .keys = {kReadKey},
     .run = srandmember,
     .since = "1.0.0",
     .usage = "key [count]",
     .help = "Members of a set by chance.",
     .complexity = "O(N log M), N members of M are returned"},
    {.name = "hrandfield",
     .arity = -2,
     .flags = kReads | kLong,
     .group = Group::kHash,
     .keys = {kReadKey},
     .run = hrandfield,
     .since = "6.2.0",
     .usage = "key [count [WITHVALUES]]",
     .help = "Fields of a hash by chance.",
     .complexity = "O(N log M), N fields of M are returned"},
};

}  // namespace

std::span<const Command> random_commands() { return kRandomCommands; }

}  // namespace anabranch::server
