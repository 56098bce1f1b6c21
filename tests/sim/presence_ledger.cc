#include "tests/sim/presence_ledger.h"

namespace anabranch::test {

std::string PresenceLedger::publish(const std::string& region, std::uint64_t opening,
                                    Random& random) {
  constexpr std::size_t kBytesMax = 100;
  std::string body = std::to_string(published_.size()) + ":" + random.bytes(kBytesMax);
  published_[body] = {region, opening};
  return body;
}

std::string PresenceLedger::hear(std::uint64_t opening, const regions::Presence& message) {
  const auto found = published_.find(message.body);
  if (found == published_.end()) return "hears a message that nobody has published";
  const Published& published = found->second;
  if (published.opening != message.opening || published.region != message.region ||
      message.channel != kChannel) {
    return "hears a message under another name than that of its publisher";
  }
  if (published.opening == opening) return "hears its own message from others";
  if (message.hops == 0 || message.hops > regions::Presence::kHopsMax) {
    return "hears a message from too far";
  }
  const bool is_new = heard_.emplace(opening, message.body).second;
  return is_new ? "" : "hears a message twice";
}

}  // namespace anabranch::test
