// Part of Exchange: greetings and heartbeats, by which leaders meet and stay in touch, and the
// origins left out of them.
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/exchange/exchange.h"

namespace anabranch::regions {

using core::mark;
using core::Millis;

// ---- Sending.

void Exchange::greet(Link& link, Millis now, Greet how) {
  link.greeted_ms = now;
  link.greeted_briefly = how == Greet::kBriefly && settled_.hash() && !joining_;
  Greeting greeting{.protocol = Greeting::kProtocol,
                    .mesh = self_.mesh,
                    .region = self_.region,
                    .origin = self_.origin,
                    .nonce = self_.nonce,
                    .applied = {},
                    .follows = self_.follows};
  if (!joining_) {
    const bool brief = link.greeted_briefly;
    greeting.applied = brief ? settled_.without(applied_.vector()) : applied_.vector();
    greeting.chains = brief ? settled_.chains_without() : applied_.chains();
    greeting.settled = settled_.hash();
    greeting.left_out = brief;
  }
  effects_.push_back(Send{link.id, std::move(greeting)});
}

Heartbeat Exchange::heartbeat(const Link& link, const Showing& shown, Millis now) const {
  Heartbeat beat{.applied = {},
                 .durable = {},
                 .hlc = shown.hlc,
                 .greeted = link.peer,
                 .greeted_nonce = link.nonce,
                 .wall_ms = shown.wall_ms,
                 .sent_ms = now,
                 .echo = link.echo(now),
                 .heard = shown.heard};
  if (joining_) return beat;
  const bool brief = settled_.hash() && settled_.hash() == link.settled;
  beat.applied = brief ? settled_.without(applied_.vector()) : applied_.vector();
  beat.durable = brief ? settled_.without(durable_vector()) : durable_vector();
  beat.chains = brief ? settled_.chains_without() : applied_.chains();
  beat.digest = shown.digest;
  beat.settled = settled_.hash();
  beat.left_out = brief;
  beat.standings = shown.standings;
  beat.clocks = shown.clocks;
  return beat;
}

// ---- Receiving.

bool Exchange::complete(core::VersionVector& applied, std::vector<core::ChainHash>& chains,
                        const std::optional<core::Hash128>& settled, bool left_out) const {
  if (!left_out) return true;
  if (settled != settled_.hash()) return false;
  settled_.put_back(applied, chains);
  return true;
}

void Exchange::complete(LinkId link, Heartbeat& heartbeat) {
  const auto found = links_.find(link);
  if (found == links_.end() || !peers_.contains(found->second.peer)) return;
  found->second.settled = heartbeat.settled;
  std::vector<core::ChainHash> none;
  const bool durable = !heartbeat.durable.empty();
  if (!complete(heartbeat.applied, heartbeat.chains, heartbeat.settled, heartbeat.left_out)) {
    mark<"a heartbeat leaves out what is not settled here">();
    heartbeat.digest.reset();
  } else if (durable) {
    (void)complete(heartbeat.durable, none, heartbeat.settled, heartbeat.left_out);
  }
}

Peer* Exchange::meet(Link& link, const Greeting& greeting) {
  if (greeting.protocol != Greeting::kProtocol) {
    refuse_protocol(link, greeting);
    return nullptr;
  }
  if (greeting.mesh != self_.mesh) {
    refuse(link, "belongs to another mesh");
    return nullptr;
  }
  if (!link.region.empty() && greeting.region != link.region) {
    refuse(link, "greets as region " + greeting.region + " but must be region " + link.region);
    return nullptr;
  }
  if (greeting.origin == self_.origin) {
    if (greeting.nonce == self_.nonce) {
      refuse(link, "is this leader itself");
    } else {
      doubt_ = "another leader runs under its origin, on a copy of its data";
    }
    return nullptr;
  }
  if (!peers_.contains(greeting.origin) && peers_.size() >= kPeersMax) {
    std::erase_if(peers_, [](const auto& each) { return !each.second.connected(); });
    if (peers_.size() >= kPeersMax) {
      refuse(link, "is one of too many leaders");
      return nullptr;
    }
  }
  const core::Origin before = std::exchange(link.peer, greeting.origin);
  const bool first = before != greeting.origin;
  if (first && peers_.contains(before)) std::erase(peers_.at(before).links, link.id);
  std::erase_if(peers_, [&](const auto& each) {  // Former incarnations of the peer.
    const bool same =
        each.second.region == greeting.region && each.second.follows == greeting.follows;
    return (same || each.first == before) && each.first != greeting.origin &&
           !each.second.connected();
  });
  forks_.retain(peers_);
  Peer& peer = peers_[greeting.origin];
  const bool restarted = peer.nonce != greeting.nonce;  // Or met for the first time.
  if (restarted) {
    // The process at its other links may be another one: a clone.
    for (const LinkId other : std::exchange(peer.links, {})) links_.at(other).peer = 0;
    link.peer = greeting.origin;
    forks_.forget(greeting.origin);
    peer.out = {};
    peer.applied = peer.durable = peer.served_from = peer.told = {};
  }
  peer.origin = greeting.origin;
  peer.region = greeting.region;
  peer.follows = greeting.follows && !core::planted(core::Bug::kTakeForLeader);
  peer.nonce = link.nonce = greeting.nonce;
  if (first || restarted) peer.links.push_back(link.id);
  if (first || restarted) {
    peer.in.since = streams_ + 1;
    link.beat.reset();  // Of another process, with another steady clock.
    std::erase_if(stalls_, [&](const auto& stall) { return stall.second.avoided == peer.origin; });
  }
  return &peer;
}

void Exchange::on(Link& link, Greeting greeting, Millis now) {
  Peer* const peer = meet(link, greeting);
  if (peer == nullptr) return;
  link.settled = greeting.settled;
  peer->in.stale = true;
  if (greeting.settled != settled_.hash() && link.greeted_briefly) {
    mark<"greetings differ in what is settled">();
    greet(link, now, Greet::kFully);
  }
  (void)complete(greeting.applied, greeting.chains, greeting.settled, greeting.left_out);
  compare(*peer, greeting.applied, greeting.chains);
  shown(*peer, greeting.applied, peer->durable, now);
  subscribe_all();
}

void Exchange::on(Link& link, Peer& peer, const Heartbeat& heartbeat, Millis now) {
  const bool known = heartbeat.greeted == self_.origin && heartbeat.greeted_nonce == self_.nonce;
  if (heartbeat.greeted != 0 && !known) {
    greet(link,
          now);  // It has not heard of this incarnation or opening yet, or of an old one again.
    peer.in.stale = true;
  }
  link.beat = Link::Beat{heartbeat.sent_ms, now};
  compare(peer, heartbeat.applied, heartbeat.chains);
  shown(peer, heartbeat.applied, heartbeat.durable, now);
  subscribe_all();
}

}  // namespace anabranch::regions
