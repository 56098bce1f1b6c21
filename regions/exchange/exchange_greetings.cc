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
  link.misheard = false;
  link.greeted_briefly = how == Greet::kBriefly && settled_.hash() && !joining_;
  Greeting greeting{.protocol = Greeting::kProtocol,
                    .mesh = self().mesh,
                    .region = self().region,
                    .origin = self().origin,
                    .nonce = self().nonce,
                    .applied = {},
                    .follows = self().follows,
                    .renewals = self().renewals,
                    .kinds = kMessageKinds};
  if (!joining_) {
    const bool brief = link.greeted_briefly;
    greeting.applied = brief ? settled_.without(applied_.vector()) : applied_.vector();
    greeting.chains = brief ? settled_.chains_without() : applied_.chains();
    greeting.settled = settled_.hash();
    greeting.left_out = brief;
  }
  effects_.push_back(Send{link.id, std::move(greeting)});
}

Heartbeat Exchange::heartbeat(const Link& link, const HeartbeatState& shown, Millis now) const {
  Heartbeat beat{.applied = {},
                 .durable = {},
                 .hlc = shown.hlc,
                 .greeted = link.peer,
                 .greeted_nonce = link.nonce,
                 .wall_ms = shown.wall_ms,
                 .sent_ms = now,
                 .echo = link.echo(now),
                 .heard = shown.heard,
                 .sender = self().origin,
                 .rules = shown.rules};
  if (joining_) return beat;
  const bool brief = settled_.hash() && settled_.hash() == link.settled;
  beat.applied = brief ? settled_.without(applied_.vector()) : applied_.vector();
  beat.durable = brief ? settled_.without(durable_vector()) : durable_vector();
  beat.chains = brief ? settled_.chains_without() : applied_.chains();
  beat.digest = shown.digest;
  beat.settled = settled_.hash();
  beat.left_out = brief;
  beat.reports = shown.reports;
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
  Link* const found = links_.find(link);
  if (found == nullptr || !links_.peers().contains(found->peer)) return;
  found->settled = heartbeat.settled;
  std::vector<core::ChainHash> none;
  const bool durable = !heartbeat.durable.empty();
  if (!complete(heartbeat.applied, heartbeat.chains, heartbeat.settled, heartbeat.left_out)) {
    mark<"a heartbeat leaves out what is not settled here">();
    heartbeat.digest.reset();
  } else if (durable) {
    (void)complete(heartbeat.durable, none, heartbeat.settled, heartbeat.left_out);
  }
}

Peer& Exchange::meet(Link& link, const Greeting& greeting) {
  const Links::Admitted met = links_.admit(link, greeting);
  forks_.retain(links_.peers());
  if (met.restarted) forks_.forget(greeting.origin);
  if (met.is_new || met.restarted) subscriptions_.met(met.peer);
  return met.peer;
}

void Exchange::on(Link& link, Greeting greeting, Millis now) {
  if (!links_.accepts(link, greeting)) return;
  if (greeting.origin == self().origin) {
    origin_conflict_ = "another leader runs under its origin, on a copy of its data";
    return;
  }
  Peer* const peer = &meet(link, greeting);
  link.settled = greeting.settled;
  peer->in.stale = true;
  if (greeting.settled != settled_.hash() && link.greeted_briefly) {
    mark<"greetings differ in what is settled">();
    greet(link, now, Greet::kFully);
  }
  (void)complete(greeting.applied, greeting.chains, greeting.settled, greeting.left_out);
  compare(*peer, greeting.applied, greeting.chains);
  shown(*peer, greeting.applied, peer->durable, now);
  subscriptions_.renew();
}

namespace {

// Nothing for an impossible echo. A steady clock may be wrong by a hundredth.
std::optional<Link::Answer> answer_of(const std::optional<Echo>& echo, Millis now) {
  constexpr Millis kPart = 100;
  if (!echo || echo->held_ms < 0 || echo->sent_ms > now - echo->held_ms) return std::nullopt;
  return Link::Answer{echo->sent_ms, echo->sent_ms + echo->held_ms - echo->held_ms / kPart};
}

}  // namespace

void Exchange::on(Link& link, Peer& peer, const Heartbeat& heartbeat, Millis now) {
  const bool known = heartbeat.greeted == self().origin && heartbeat.greeted_nonce == self().nonce;
  if (heartbeat.greeted != 0 && !known) {
    // It has not heard of this incarnation or opening yet, or of an old one again.
    greet(link, now);
    peer.in.stale = true;
  }
  link.beat = Link::Beat{heartbeat.sent_ms, now};
  if (const auto answer = answer_of(heartbeat.echo, now)) link.answer = answer;
  compare(peer, heartbeat.applied, heartbeat.chains);
  shown(peer, heartbeat.applied, heartbeat.durable, now);
  subscriptions_.renew();
}

}  // namespace anabranch::regions
