#include "server/resp/waiting.h"

#include <algorithm>
#include <utility>

#include "server/resp/concern/held_answer.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

// Longer than any client waits, and short enough that the clock cannot overflow.
constexpr std::chrono::hours kPatienceMax{24 * 365};
// Of one call; a round that takes no longer needs no rest.
constexpr std::chrono::milliseconds kAttemptTime{2};
constexpr int kRestPart = 3;
// The clock is read once for so many.
constexpr std::size_t kAtOnce = 4;
// So many are answered in one turn: sending takes longer than to see that there is an answer.
constexpr std::size_t kAnsweredMax = 512;

}  // namespace

void wait_for(Call& call, std::chrono::milliseconds timeout, Wait::Attempt attempt) {
  if (attempt(false)) return;
  const bool ends = timeout != kForEver;
  const SteadyTime until =
      ends ? steady_now() + std::min<Waiting::Milliseconds>(timeout, kPatienceMax)
           : SteadyTime::max();
  call.client.wait = Wait{.attempt = std::move(attempt), .until = until};
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
  const bool writes = client.wait->writes;
  client.wait.reset();
  if (writes && client.concern && hold_answer(host_, client, mark)) return;
  client.drop_unwanted(mark);
  client.reply_mode.end_request();
}

void Waiting::attempt_all(const std::function<void(Connection&)>& over) {
  if (connections_.empty()) return;
  const SteadyTime begun = steady_now();
  if (left_ == 0) {
    called_ = begun < rests_until_;
    if (called_) return;
    left_ = connections_.size();
    spent_ = {};
  }
  attempt_some(over);
  spent_ += steady_now() - begun;
  if (left_ == 0 && spent_ > kAttemptTime) rests_until_ = begun + kRestPart * spent_;
}

void Waiting::attempt_some(const std::function<void(Connection&)>& over) {
  const SteadyTime until = steady_now() + kAttemptTime;
  std::size_t answered = 0;
  for (std::size_t tried = 0; left_ > 0 && answered < kAnsweredMax; --left_) {
    if (connections_.empty()) break;
    if (tried++ % kAtOnce == 0 && tried > 1 && steady_now() >= until) return;
    if (next_ >= connections_.size()) next_ = 0;
    Connection& connection = *connections_[next_];
    attempt(connection.client());
    if (connection.client().wait) {
      ++next_;
      continue;
    }
    connections_[next_] = connections_.back();
    connections_.pop_back();
    over(connection);
    ++answered;
  }
  if (connections_.empty()) left_ = 0;
}

void Waiting::forget_gone() {
  std::erase_if(connections_, [](const Connection* connection) { return connection->gone; });
  left_ = std::min(left_, connections_.size());
}

Waiting::Milliseconds Waiting::timeout(Milliseconds most) const {
  SteadyTime first = SteadyTime::max();
  for (Connection* connection : connections_) {
    if (connection->client().wait) first = std::min(first, connection->client().wait->until);
  }
  if (first == SteadyTime::max()) return most;
  if (left_ > 0) return Milliseconds{0};
  // Those that a change has come for, and that have not been tried since.
  if (called_) first = std::min(first, rests_until_);
  // Rounded up: a turn that wakes too early is wasted.
  const auto rest = std::chrono::ceil<Milliseconds>(first - steady_now());
  return std::clamp(rest, Milliseconds{0}, most);
}

}  // namespace anabranch::server
