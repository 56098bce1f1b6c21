#include "server/resp/slices/work.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

// Beside what was sent, and for each word of that.
constexpr std::size_t kUnitsMax = 2'000'000;
constexpr std::size_t kUnitsPerWord = 20;

// The elements of the value at a key, as far as they are counted.
std::size_t size_of(const Scope& scope, const Key& key) {
  const Type type = scope.type(key);
  switch (type) {
    case Type::kNone:
    case Type::kString:
    case Type::kEnableWinsFlag:
    case Type::kDisableWinsFlag:
      return 1;
    case Type::kSet:
    case Type::kRemoveWinsSet:
    case Type::kSortedSet:
      return scope.count(key.of(type));
    default:
      return kWorkDirectMax + 1;
  }
}

// The number in the third word of a draw, whatever its sign.
std::size_t drawn(Arguments arguments) {
  const auto count = arguments.size() > 2 ? core::parse_integer(arguments[2]) : std::nullopt;
  if (!count) return 0;
  const std::int64_t most = kWorkDirectMax + 1;
  return static_cast<std::size_t>(
      std::clamp(*count < 0 ? -(*count + 1) : *count, std::int64_t{0}, most));
}

// Whether more than the words of a request says how much it is. A kLong command that is kFast looks
// at one row for each of its words.
bool goes_by_size(const Command& command) {
  return command.has(kLarge) || (command.has(kLong) && !command.has(kFast));
}

std::size_t work_of(const Command& command, std::uint8_t database, Arguments arguments,
                    const Scope& scope) {
  std::size_t units = arguments.size();
  if (!goes_by_size(command) || units > kWorkDirectMax) return units;
  if (!command.keys[0].any()) return units + scope.count(Key::all(database));
  const bool draws =
      command.name == "spop" || command.name == "srandmember" || command.name == "hrandfield";
  if (draws && arguments.size() < 3) return units;
  if (draws) units += drawn(arguments);
  for_each_key(command, arguments, [&](std::string_view name, const KeySpec&) {
    if (units <= kWorkDirectMax) units += size_of(scope, Key(database, name));
  });
  return units;
}

bool is_large(const Queue& queue, std::uint8_t database, const Scope& scope) {
  std::size_t units = queue.entries.size();
  std::vector<std::string_view> words;
  for (const Queue::Entry& entry : queue.entries) {
    if (units > kWorkDirectMax) return true;
    // Another database: what is there is not looked at.
    if (entry.command->name == "select") return true;
    units += entry.arguments.size();
    if (!goes_by_size(*entry.command)) continue;
    words.assign(entry.arguments.begin(), entry.arguments.end());
    units += work_of(*entry.command, database, words, scope);
  }
  return units > kWorkDirectMax;
}

}  // namespace

bool is_large(const Client& client, const Command& command, Arguments arguments,
              const Scope& scope) {
  try {
    if (command.has(kExecutes)) return is_large(client.queue, client.database, scope);
    return work_of(command, client.database, arguments, scope) > kWorkDirectMax;
  } catch (const Error&) {
    return false;  // A key that is none: the command says so.
  }
}

std::string too_much(const Strand::TooMuch& much) {
  return "EXECABORT Transaction discarded because it looks at more than " +
         std::to_string(much.units_max) + " rows";
}

std::size_t work_max(const Client& client, Arguments arguments) {
  std::size_t words = arguments.size();
  for (const Queue::Entry& entry : client.queue.entries) words += entry.arguments.size();
  return kUnitsMax + kUnitsPerWord * words;
}

}  // namespace anabranch::server
