#include "server/resp/acts.h"

#include <algorithm>
#include <chrono>

#include "core/log.h"
#include "server/resp/access/user.h"
#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

constexpr std::size_t kWordsMax = 8;
constexpr std::size_t kWordBytesMax = 64;
constexpr std::size_t kErrorBytesMax = 200;
constexpr std::chrono::seconds kSame{1};

// "ANABRANCH PEER PAUSE us". Of commands with secrets only the word behind the name, a user.
std::string request_of(const Call& call) {
  std::string text;
  std::size_t names = 0;
  for (std::string_view rest = full_name(call.command); !rest.empty(); ++names) {
    const std::string_view name = rest.substr(0, rest.find('|'));
    text.append(text.empty() ? "" : " ").append(control::in_upper_case(name));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  const std::size_t most = call.command.has(kSecret) ? names + 1 : kWordsMax;
  for (std::size_t i = names; i < std::min(call.size(), most); ++i) {
    const std::string_view word = control::printable(call[i]);
    text.append(" ").append(word.substr(0, kWordBytesMax));
    if (word.size() > kWordBytesMax) text.append("...");
  }
  return text.append(call.size() > most ? " ..." : "");
}

}  // namespace

std::string Acts::actor_of(const Client& client) {
  if (client.verbs_only) return "at the control socket";
  return "by the user " + (client.user != nullptr ? client.user->name() : "(none)") + " from " +
         client.address;
}

void Acts::note(const Call& call, const std::string& actor, std::size_t mark) {
  ++count_;
  std::string line = request_of(call) + ", " + actor;
  if (call.reply().is_error(mark)) {
    const std::string error = call.client.output.text(mark + 1, kErrorBytesMax);
    line.append(", refused: ").append(error.substr(0, error.find('\r')));
  }
  const SteadyTime now = steady_now();
  if (line == last_ && now - last_time_ < kSame) {
    ++repeated_;
    return;
  }
  if (repeated_ > 0) {
    core::log_info(call.host.leader.region(),
                   last_ + ": " + std::to_string(repeated_) + " times more");
  }
  core::log_info(call.host.leader.region(), line);
  last_ = std::move(line);
  last_time_ = now;
  repeated_ = 0;
}

}  // namespace anabranch::server
