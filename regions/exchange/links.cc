#include "regions/exchange/links.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Origin;

// ---- Connections.

Link& Links::up(LinkId link, std::string address, std::string region) {
  return links_[link] = {.id = link, .address = std::move(address), .region = std::move(region)};
}

Peer* Links::down(LinkId link) {
  const auto found = links_.find(link);
  if (found == links_.end()) return nullptr;
  const Origin origin = found->second.peer;
  links_.erase(found);
  room_.forget(link);
  const auto peer = peers_.find(origin);
  if (peer == peers_.end()) return nullptr;
  std::erase(peer->second.links, link);
  return &peer->second;
}

Link* Links::find(LinkId link) {
  const auto found = links_.find(link);
  return found == links_.end() ? nullptr : &found->second;
}

const Link* Links::find(LinkId link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? nullptr : &found->second;
}

// ---- Peers.

const Peer* Links::peer_at(LinkId link) const {
  const Link* const at = find(link);
  if (at == nullptr) return nullptr;
  const auto peer = peers_.find(at->peer);
  return peer == peers_.end() ? nullptr : &peer->second;
}

Peer* Links::peer_at(LinkId link) {
  const Link* const at = find(link);
  if (at == nullptr) return nullptr;
  const auto peer = peers_.find(at->peer);
  return peer == peers_.end() ? nullptr : &peer->second;
}

std::size_t Links::origins_shown() const {
  std::size_t all = 0;
  for (const auto& [origin, peer] : peers_) all += peer.origins_shown();
  return all;
}

Origin Links::peer(LinkId link) const {
  const Link* const found = find(link);
  return found == nullptr ? 0 : found->peer;
}

std::string Links::region(LinkId link) const {
  const Peer* const peer = peer_at(link);
  return peer == nullptr ? std::string() : peer->region;
}

bool Links::speaks_otherwise(LinkId link) const {
  const Link* const found = find(link);
  return found != nullptr && found->other_protocol;
}

bool Links::of_other_origin(LinkId link, const Message& message) {
  const Origin sender = sender_of(message);
  if (sender == 0 || sender == peer(link) || core::planted(core::Bug::kHearFormer)) return false;
  core::mark<"a message comes that a peer sent under another origin">();
  if (Link* const found = find(link)) found->misheard = true;
  return true;
}

void Links::send(const Peer& peer, Message message) {
  if (!peer.connected()) return;
  set_sender(message, self_.origin);
  room_.handed(peer.links.front(), turn_of(message));
  effects_.push_back(Send{peer.links.front(), std::move(message)});
}

// ---- Greetings.

bool Links::accepts(Link& link, const Greeting& greeting) {
  if (greeting.protocol != Greeting::kProtocol) {
    refuse_protocol(link, greeting);
    return false;
  }
  const bool late = link.nonce == greeting.nonce && greeting.renewals < link.renewals;
  if (late && !core::planted(core::Bug::kHearFormer)) {
    core::mark<"a greeting comes after a newer one of its sender">();
    return false;
  }
  std::string why = misplacement_of(link, greeting);
  link.misled = !why.empty();
  if (why.empty()) why = refusal_of(greeting);
  if (!why.empty()) refuse(link, why);
  if (why.empty()) said_.erase(link.address);
  return why.empty();
}

std::string Links::misplacement_of(const Link& link, const Greeting& greeting) const {
  if (greeting.mesh != self_.mesh) return "belongs to another mesh";
  if (!link.region.empty() && greeting.region != link.region) {
    return "greets as region " + greeting.region + " but must be region " + link.region;
  }
  const bool is_self = greeting.origin == self_.origin && greeting.nonce == self_.nonce;
  return std::string(is_self ? kIsSelf : "");
}

std::string Links::refusal_of(const Greeting& greeting) {
  if (greeting.origin == self_.origin) return {};
  return peers_.contains(greeting.origin) || make_room() ? "" : "is one of too many leaders";
}

bool Links::make_room() {
  if (peers_.size() < kPeersMax) return true;
  std::erase_if(peers_, [](const auto& each) { return !each.second.connected(); });
  return peers_.size() < kPeersMax;
}

Links::Admitted Links::admit(Link& link, const Greeting& greeting) {
  const Origin before = std::exchange(link.peer, greeting.origin);
  const bool is_new = before != greeting.origin;
  if (is_new && peers_.contains(before)) std::erase(peers_.at(before).links, link.id);
  forget_former(greeting, before);
  Peer& peer = peers_[greeting.origin];
  const bool restarted = peer.nonce != greeting.nonce;
  if (restarted) reset(peer, link, greeting.origin);
  peer.origin = greeting.origin;
  peer.endless = false;
  peer.region = greeting.region;
  peer.follows = greeting.follows && !core::planted(core::Bug::kTakeForLeader);
  if (link.nonce != greeting.nonce) {  // Of another process, or steady clock.
    link.beat.reset();
    link.answer.reset();
  }
  peer.nonce = link.nonce = greeting.nonce;
  peer.kinds = greeting.kinds;
  link.renewals = greeting.renewals;
  if (is_new || restarted) peer.links.push_back(link.id);
  return {peer, is_new, restarted};
}

void Links::forget_former(const Greeting& greeting, Origin before) {
  std::erase_if(peers_, [&](const auto& each) {
    const bool same =
        each.second.region == greeting.region && each.second.follows == greeting.follows;
    return (same || each.first == before) && each.first != greeting.origin &&
           !each.second.connected();
  });
}

void Links::reset(Peer& peer, Link& link, Origin origin) {
  // The process at its other links may be another one: a clone.
  for (const LinkId other : std::exchange(peer.links, {})) links_.at(other).peer = 0;
  link.peer = origin;
  peer.out = {};
  peer.asked = {};
  peer.applied = peer.durable = peer.served_from = peer.told = {};
}

void Links::refuse(Link& link, const std::string& why, bool lost) {
  effects_.push_back(Send{link.id, Refusal{self_.region, why, lost}});
  give_up(link, link.address.empty() ? "a leader that connected" : link.address, why);
}

void Links::refuse_protocol(Link& link, const Greeting& greeting) {
  link.other_protocol = link.misled = true;
  const std::string where =
      link.address.empty() ? ", which dialled this leader," : " at " + link.address;
  give_up(link, "region " + greeting.region + where,
          "speaks protocol " + std::to_string(greeting.protocol) + ", this leader protocol " +
              std::to_string(Greeting::kProtocol));
}

void Links::give_up(Link& link, const std::string& who, const std::string& why) {
  link.why_refused = why;
  if (std::exchange(link.refused, true)) return;
  if (!link.address.empty() && std::exchange(said_[link.address], why) == why) return;
  if (why == kIsSelf) {  // One list of peers may serve all leaders.
    if (link.address.empty()) return;
    effects_.push_back(Notice{who + " " + why + ", and is passed over"});
    return;
  }
  ++refused_greetings_;
  effects_.push_back(Alarm{who + " " + why + "; nothing is exchanged with it", true});
}

// ---- Pauses.

bool Links::paused(const Peer& peer) const {
  if (paused_.empty()) return false;
  return paused_.contains(peer.region) || std::ranges::any_of(peer.links, [&](LinkId id) {
           return paused_.contains(links_.at(id).address);
         });
}

bool Links::known(std::string_view name) const {
  return std::ranges::any_of(peers_,
                             [&](const auto& each) { return each.second.region == name; }) ||
         std::ranges::any_of(links_, [&](const auto& each) { return each.second.address == name; });
}

bool Links::called(const Peer& peer, std::string_view name) const {
  return peer.region == name ||
         std::ranges::any_of(peer.links, [&](LinkId id) { return links_.at(id).address == name; });
}

bool Links::pause(std::string_view name) {
  if (name.empty() || !known(name)) return false;
  paused_.emplace(name);
  return true;
}

bool Links::resume(std::string_view name) {
  const auto found = paused_.find(name);
  if (found == paused_.end() && !known(name)) return false;
  if (found != paused_.end()) paused_.erase(found);
  for (const auto& [origin, peer] : peers_) {
    if (called(peer, name)) forget_pauses(peer);
  }
  return true;
}

void Links::forget_pauses(const Peer& peer) {
  paused_.erase(peer.region);
  for (const LinkId id : peer.links) paused_.erase(links_.at(id).address);
}

}  // namespace anabranch::regions
