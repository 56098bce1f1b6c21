#include "server/resp/waiting.h"

#include <algorithm>
#include <utility>

namespace anabranch::server {
namespace {

// Longer than any client waits, and short enough that the clock cannot overflow.
constexpr std::chrono::hours kPatienceMax{24 * 365};

}  // namespace

void wait_for(Call& call, std::chrono::milliseconds timeout, Wait::Attempt attempt) {
  if (attempt(false)) return;
  const bool ends = timeout != kForEver;
  const SteadyTime until =
      ends ? steady_now() + std::min<Waiting::Milliseconds>(timeout, kPatienceMax)
           : SteadyTime::max();
  call.client.wait = Wait{std::move(attempt), until};
}

void Waiting::attempt(Client& client) {
  if (!client.wait) return;
  const std::size_t mark = client.reply.mark();
  bool answered = true;
  try {
    answered = client.wait->attempt(steady_now() >= client.wait->until);
  } catch (const Error& error) {
    client.reply.rewind(mark);
    client.reply.error(error_text(error));
  }
  if (!answered) return;
  client.wait.reset();
  client.drop_unwanted(mark);
  client.reply_mode.end_request();
}

void Waiting::attempt_all(const std::function<void(Connection&)>& over) {
  std::erase_if(connections_, [&](Connection* connection) {
    attempt(connection->client());
    if (connection->client().wait) return false;
    over(*connection);
    return true;
  });
}

void Waiting::forget_gone() {
  std::erase_if(connections_, [](const Connection* connection) { return connection->gone; });
}

Waiting::Milliseconds Waiting::timeout(Milliseconds most) const {
  SteadyTime first = SteadyTime::max();
  for (Connection* connection : connections_) {
    if (connection->client().wait) first = std::min(first, connection->client().wait->until);
  }
  if (first == SteadyTime::max()) return most;
  // Rounded up: a turn that wakes too early is wasted.
  const auto rest = std::chrono::ceil<Milliseconds>(first - steady_now());
  return std::clamp(rest, Milliseconds{0}, most);
}

}  // namespace anabranch::server
