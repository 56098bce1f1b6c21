// The parts of a turn that hold writes back, and look after clients when the lead of the region is
// handed over.
//
// Writes wait while that is under way. Behind it each is answered that this server follows, with
// the address of the new leader, and its connection is closed when all that it has sent is
// answered: pools of connections would go on with it otherwise. Those that write nothing are closed
// a moment later. Connections of operators stay, those that wait for something until they have it,
// and those that were made since. A stop is such a handover, too, where the region chooses its
// leader and a member can take the lead.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "core/log.h"
#include "leader/members/handover_status.h"
#include "server/resp/loop.h"

namespace anabranch::server {
namespace {

constexpr std::chrono::milliseconds kPartTime{80};
// A stop waits no longer for a handover.
constexpr std::chrono::seconds kLeaveTime{10};

}  // namespace

bool Turn::hands_over() const {
  return leader_is_away() ? host_.hands_over : host_.leaves || host_.leader.handover().under_way();
}

// Commands of operators are not: one of them ends the pause.
bool Turn::is_paused(const Client& client, const Command& command) const {
  const Pause& pause = host_.pause;
  const bool pauses = pause.until != SteadyTime{} && host_.now < pause.until;
  const bool may_write = command.has(kWrites) || command.has(kExecutes);
  const bool leaves = may_write && hands_over();
  if ((!pauses && !leaves) || client.verbs_only || command.has(kAdmin)) return false;
  if (pauses && !pause.writes_only) return true;
  const auto writes = [](const Queue::Entry& entry) { return entry.command->has(kWrites); };
  return command.has(kExecutes) ? std::ranges::any_of(client.queue.entries, writes)
                                : command.has(kWrites) && !client.queue.open;
}

void Loop::take_stop() {
  std::uint64_t times = 0;
  if (::read(requests_.stop, &times, sizeof(times)) != sizeof(times)) return;
  hurried_ = hurried_ || stopped_ || times > 1;
  stopped_ = true;
}

// Until then it serves readers, and shows the other members that it is closed.
bool Loop::wants_opening() {
  if (host_.reopenings == nullptr) return false;
  Reopenings& reopenings = *host_.reopenings;
  const std::string why = leader_.why_open_anew();
  if (why.empty()) return reopenings.give_up(), false;
  const SteadyTime now = steady_now();
  if (!reopenings.due()) {
    reopenings.closed(now, why);
    const auto wait = std::chrono::ceil<std::chrono::seconds>(reopenings.due_in(now));
    core::log_warning(leader_.region(), "opens its directory anew in " +
                                            std::to_string(wait.count()) +
                                            " s, since it is closed for writes");
  }
  return reopenings.is_due(now);
}

bool Loop::is_over() {
  if (!stopped_ && host_.stopping.empty()) return opens_anew_;
  const SteadyTime now = steady_now();
  if (stops_at_ == SteadyTime{}) stops_at_ = now + kLeaveTime;
  if (hurried_ || now >= stops_at_) return true;
  if (!leaves_) {
    if (!host_.chooses) return true;
    host_.leaves = true;  // Writes wait from now on, so there is a moment without a commit.
    if (turn_.committing() || turn_.staging() || turn_.dirty()) return false;
    leaves_ = leader_.hand_over_to_stop();
    host_.leaves = false;
    host_.hands_over = leaves_;
    return !leaves_;
  }
  return !host_.hands_over && !host_.parting;
}

Loop::Milliseconds Loop::parts_in() const {
  return std::chrono::ceil<Milliseconds>(parts_at_ - steady_now());
}

void Loop::look_at_handover() {
  if (turn_.leader_is_away()) return;
  const std::uint64_t looks = leader_.member_looks();
  const bool is_news = std::exchange(member_looks_, looks) != looks;
  if (!is_news && !host_.hands_over && !host_.leaves && !host_.parting) return;
  if (is_news && !turn_.committing()) opens_anew_ = wants_opening();
  const bool led = !std::exchange(host_.follows, leader_.follows());
  if (led && host_.follows) parts_to_ = ids_;
  host_.chooses = leader_.chooses() && !host_.follows;
  const bool before =
      std::exchange(host_.hands_over, host_.leaves || leader_.handover().under_way());
  const SteadyTime now = steady_now();
  // A start that follows has closed nothing that was one of a leader.
  const bool has_left = leader_.handover().state != leader::HandoverStatus::State::kNone;
  if (before && !host_.hands_over && has_left && host_.follows) {
    host_.parting = true;
    parts_at_ = now + kPartTime;
  }
  if (!host_.parting || now < parts_at_) return;
  host_.parting = false;
  for (const auto& [id, connection] : connections_) {
    Client& client = connection->client();
    const bool is_of_operator = client.verbs_only || client.operates;
    const bool is_newer = id > parts_to_;  // It came to a follower.
    if (is_of_operator || is_newer || connection->gone) continue;
    client.parting = true;
    schedule(*connection);
  }
}

}  // namespace anabranch::server
