#include "server/resp/slices/work.h"

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

}  // namespace

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
