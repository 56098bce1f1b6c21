// The network and its intruders: links whose far side is no region. No weather troubles them.
#include <algorithm>
#include <utility>

#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;
using regions::LinkId;

namespace {

constexpr Millis kAnswerMsMax = 30;

}  // namespace

std::string Network::intrude(Index at, Malice malice) {
  had_outsiders_ = true;
  ledger_.forget_ends();
  const LinkId link = ++last_link_;
  Guest& guest = guests_[link];
  guest.at = at;
  guest.intruder =
      std::make_unique<Intruder>(malice, ++last_guest_, random_.bits(), trust_ == Trust::kSigned);
  const std::string region = guest.intruder->region();
  post(link, guest.intruder->greet());
  node(at).replica().link_up(link, {}, now_, trust_ == Trust::kSigned ? region : std::string());
  turn(at);
  return region;
}

bool Network::doubt(Index at) {
  regions::Replica& replica = node(at).replica();
  for (const auto& [link, guest] : guests_) {
    if (guest.at != at || replica.exchange().links().peer(link) == 0) continue;
    constexpr core::Seq kMore = 1000;
    const core::Origin origin = node(at).origin();
    regions::Heartbeat beat;
    beat.applied = {{origin, node(at).vector().at(origin) + kMore}};
    replica.step(link, beat, now_);
    turn(at);
    return true;
  }
  return false;
}

void Network::shut_out_intruders() {
  while (!guests_.empty()) {
    const auto [link, at] = std::pair(guests_.begin()->first, guests_.begin()->second.at);
    guests_.erase(link);
    node(at).replica().link_down(link);
    turn(at);
  }
}

// An intruder without a key can deny all origins of a leader, which closes then, also in calm. This
// is what an operator does.
bool Network::start_denied_again() {
  bool any = false;
  for (Index at = 0; at < size(); ++at) {
    if (!is_denied(at)) continue;
    if (!std::exchange(any, true)) shut_out_intruders();
    restart(at, Restart::kClean);
  }
  return any;
}

void Network::post(LinkId link, std::vector<Frame> frames) {
  Guest& guest = guests_.at(link);
  guest.last_arrival_ms = std::max(guest.last_arrival_ms, now_ + random_.between(1, kAnswerMsMax));
  for (Frame& frame : frames) {
    if (!frame.written.empty()) ledger_.made_outside(frame.written);
    schedule({guest.last_arrival_ms, ++last_order_, link, frame.kind, std::move(frame.body),
              frame.rubbish});
  }
}

void Network::turn_away(Index at, LinkId link) {
  if (guests_.erase(link) == 0) return note(at, "calls rubbish what a region has sent");
  ++carried_.turned_away;
  node(at).replica().link_down(link);
}

void Network::arrive_from_guest(Index at, const Event& event,
                                core::Result<regions::Message> message) {
  regions::Replica& replica = node(at).replica();
  const std::string region = guests_.at(event.link).intruder->region();
  bool denies = false;  // That the same was applied and other rows are held.
  if (!message.ok()) {
    replica.effects().push_back(regions::Reject{event.link, {}});  // As a leader does.
  } else {
    const auto* const beat = std::get_if<regions::Heartbeat>(&message.value());
    const bool comparable = beat != nullptr && beat->digest && replica.state().digest();
    denies = comparable && beat->applied == node(at).vector() &&
             beat->digest != replica.state().digest();
    replica.step(event.link, std::move(message).value(), now_);
  }
  turn(at);
  if (broken(at)) return;
  if (event.rubbish && guests_.contains(event.link)) note(at, "goes on with who sends rubbish");
  const auto names_it = [&](const std::string& alarm) {
    return alarm.find(region) != std::string::npos;
  };
  if (denies && std::ranges::none_of(alarms_, names_it)) note(at, "takes any digest");
}

}  // namespace anabranch::test
