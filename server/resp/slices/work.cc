#include "server/resp/slices/work.h"

#include <algorithm>
#include <string_view>

namespace anabranch::server {
namespace {

// A request of more words is large.
constexpr std::size_t kWordsTriedMax = 1'000;
// Beside what was sent, and for each word of that.
constexpr std::size_t kUnitsMax = 2'000'000;
constexpr std::size_t kUnitsPerWord = 20;

std::size_t words_of(const Queue& queue) {
  std::size_t words = queue.entries.size();
  for (const Queue::Entry& entry : queue.entries) words += entry.words;
  return words;
}

// Whether a request has a name that may be stored by its hash, among others (core/path.h): to look
// for rows below it may be a look at all of these.
bool has_long_name(const Command& command, Arguments arguments) {
  constexpr std::size_t kShortMax = 200;
  constexpr std::size_t kNamesOfString = 2;
  const std::size_t names = command.group == Group::kString ? kNamesOfString : arguments.size();
  return std::ranges::any_of(arguments.first(std::min(names, arguments.size())),
                             [](std::string_view word) { return word.size() > kShortMax; });
}

}  // namespace

bool may_be_long(const Command& command, Arguments arguments) {
  constexpr std::size_t kFew = 8;
  if (!command.changes()) return false;
  return command.has(kExecutes) || command.has(kLarge) || arguments.size() > kFew ||
         has_long_name(command, arguments);
}

bool is_large(const Client& client, const Command& command, Arguments arguments) {
  const std::size_t words = command.has(kExecutes) ? words_of(client.queue) : arguments.size();
  return words > kWordsTriedMax;
}

std::string too_much(const Strand::TooMuch& much) {
  return "EXECABORT Transaction discarded because it looks at more than " +
         std::to_string(much.units_max) + " rows";
}

std::size_t work_max(const Client& client, Arguments arguments) {
  return kUnitsMax + kUnitsPerWord * (arguments.size() + words_of(client.queue));
}

}  // namespace anabranch::server
