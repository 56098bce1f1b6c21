#include "regions/presence/presence_exchange.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"

namespace anabranch::regions {

using core::mark;
using core::Millis;

void PresenceExchange::publish(std::string channel, std::string body, Millis held_ms, Millis now) {
  const LocalIdentity& self = exchange_.links().self();
  ++counts_.published;
  pass_on({.opening = self.nonce,
           .number = ++last_number_,
           .age_ms = held_ms,
           .region = self.region,
           .channel = std::move(channel),
           .body = std::move(body)},
          0, now);
}

void PresenceExchange::on(LinkId link, Presence message, Millis now) {
  const Peer* const peer = exchange_.links().peer_at(link);
  if (peer == nullptr || !exchange_.links().usable(*peer)) return;
  PresenceLink& here = at(link, now);
  ++counts_.received;
  message.age_ms += here.delay_ms(message, now);
  if (!here.admits(message, now)) {
    ++counts_.excess;
    return;
  }
  if (!is_new(message, now)) return;
  ++counts_.heard;
  effects_.emplace_back(Heard{message});
  pass_on(std::move(message), link, now);
}

bool PresenceExchange::is_new(const Presence& message, Millis now) {
  if (message.age_ms > kAgeMsMax) {
    mark<"a message of presence is too old">();
    ++counts_.old;
    return false;
  }
  const bool is_own = message.opening == exchange_.links().self().nonce;
  const SeenMessages::Found found =
      is_own ? SeenMessages::Found::kSeen : seen_.note(message.opening, message.number, now);
  if (found == SeenMessages::Found::kSeen) ++counts_.repeated;
  if (found == SeenMessages::Found::kNoRoom) ++counts_.crowded;
  return found == SeenMessages::Found::kNew;
}

void PresenceExchange::pass_on(Presence message, LinkId from, Millis now) {
  if (message.age_ms > kAgeMsMax) {
    ++counts_.old;
    return;
  }
  if (message.hops == Presence::kHopsMax) {
    ++counts_.far;
    return;
  }
  ++message.hops;
  message.sent_ms = std::clamp<Millis>(now, 0, Presence::kTimeMax);
  for (const auto& [origin, peer] : exchange_.peers()) {
    if (!exchange_.links().usable(peer) || peer.kinds < Presence::kKind) continue;
    if (peer.nonce == message.opening || std::ranges::count(peer.links, from) > 0) continue;
    const LinkId to = peer.links.front();
    if (!at(to, now).take_room(message, now)) {
      mark<"a message of presence finds a slow link">();
      ++counts_.held_up;
      continue;
    }
    ++counts_.sent;
    effects_.emplace_back(Send{to, message});
  }
}

void PresenceExchange::on(LinkId link, const Heartbeat& beat, Millis now) {
  if (exchange_.links().peer_at(link) != nullptr) at(link, now).on(beat, now);
}

void PresenceExchange::tick() {
  std::erase_if(links_,
                [&](const auto& each) { return exchange_.links().find(each.first) == nullptr; });
}

PresenceLink& PresenceExchange::at(LinkId link, Millis now) {
  return links_.try_emplace(link, now).first->second;
}

}  // namespace anabranch::regions
