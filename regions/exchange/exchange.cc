#include "regions/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::planted;

using core::Millis;
using core::Origin;
using core::VersionVector;

Exchange::Exchange(const Applied& applied, const ChainHashes& chains, const SettledOrigins& settled,
                   const LogReader& log, Effects& effects)
    : applied_(applied),
      chains_(chains),
      settled_(settled),
      log_(log),
      effects_(effects),
      forks_(applied, chains, effects) {}

void Exchange::begin(Self self) {
  self_ = std::move(self);
  durable_ = log_.durable_position();
}

// ---- Links.

void Exchange::link_up(LinkId link, std::string address, Millis now, std::string region) {
  links_[link] = {.id = link, .address = std::move(address), .region = std::move(region)};
  greet(links_[link], now);
}

void Exchange::renew(Origin origin, Millis now) {
  self_.origin = origin;
  doubt_.clear();
  for (auto& [id, link] : links_) greet(link, now);
  for (auto& [peer_origin, peer] : peers_) peer.in.stale = true;  // Peers begin anew as well.
  subscribe_all();
}

void Exchange::join_as_empty(bool joining, Origin origin, Millis now) {
  joining_ = joining;
  for (auto& [peer_origin, peer] : peers_) peer.out.cancel();
  forks_.clear();
  stalls_.clear();
  renew(origin, now);
}

void Exchange::link_down(LinkId link) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  const Origin origin = found->second.peer;
  links_.erase(found);
  const auto peer = peers_.find(origin);
  if (peer == peers_.end()) return;
  std::erase(peer->second.links, link);
  peer->second.in.stale = true;
  if (!peer->second.connected()) peer->second.out.cancel();
  subscribe_all();
}

Origin Exchange::peer(LinkId link) const {
  const auto found = links_.find(link);
  return found == links_.end() ? 0 : found->second.peer;
}

bool Exchange::speaks_otherwise(LinkId link) const {
  const auto found = links_.find(link);
  return found != links_.end() && found->second.other_protocol;
}

const Peer* Exchange::peer_at(LinkId link) const {
  const auto found = links_.find(link);
  if (found == links_.end()) return nullptr;
  const auto peer = peers_.find(found->second.peer);
  return peer == peers_.end() ? nullptr : &peer->second;
}

std::string Exchange::region(LinkId link) const {
  const Peer* const at_the_end = peer_at(link);
  return at_the_end == nullptr ? std::string() : at_the_end->region;
}

// ---- Messages.

std::optional<BatchMessage> Exchange::step(LinkId link_id, Message message, Millis now) {
  now_ = now;
  const auto found = links_.find(link_id);
  if (found == links_.end()) return std::nullopt;
  Link& link = found->second;
  if (auto* greeting = std::get_if<Greeting>(&message)) {
    on(link, std::move(*greeting), now);
    return std::nullopt;
  }
  const auto peer = peers_.find(link.peer);
  if (peer == peers_.end()) {  // The peer has not greeted yet: its greeting got lost.
    mark<"a message comes before its sender's greeting">();
    return std::nullopt;
  }
  link.heard_ms = now;
  if (auto* batch = std::get_if<BatchMessage>(&message)) {
    return on(peer->second, std::move(*batch), now);
  }
  if (const auto* beat = std::get_if<Heartbeat>(&message)) on(link, peer->second, *beat, now);
  // A subscription of a process that is gone would have a higher stream number than all later ones.
  const auto* const wanted = std::get_if<Subscribe>(&message);
  const bool current = wanted != nullptr && (wanted->nonce == 0 || wanted->nonce == link.nonce);
  if (current) on(peer->second, *wanted);
  if (const auto* ack = std::get_if<Ack>(&message)) on(peer->second, *ack, now);
  if (const auto* history = std::get_if<History>(&message)) on(peer->second, *history);
  if (const auto* trimmed = std::get_if<Trimmed>(&message)) on(peer->second, *trimmed);
  return std::nullopt;
}

void Exchange::on(Peer& peer, const Subscribe& subscribe) {
  if (joining_) return;
  if (!agree_on_forks(peer, subscribe.forked)) return;  // The peer will ask again.
  peer.out.subscribe(subscribe, log_, applied_.vector());
  if (!peer.out.trimmed().empty()) send(peer, Trimmed{peer.out.id(), peer.out.trimmed()});
  pump(peer);
}

void Exchange::on(Peer& peer, const Trimmed& trimmed) {
  if (trimmed.stream != peer.in.id) return;
  for (const auto& [origin, seq] : trimmed.from) peer.served_from.raise(origin, seq);
  subscribe_all();
}

// A late ack may describe the peer before it greeted under another origin: perhaps it has given up
// its old vector since, and no longer shows it.
void Exchange::on(Peer& peer, const Ack& ack, Millis now) {
  if (ack.stream != peer.out.id()) return;
  peer.out.acknowledge(ack);
  shown(peer, ack.applied, ack.durable, now);
  if (shows_news(ack.applied)) subscribe_all();
  pump(peer);
}

std::optional<BatchMessage> Exchange::on(Peer& peer, BatchMessage batch, Millis now) {
  if (joining_) return std::nullopt;  // The batch was under way.
  if (paused(peer)) {
    mark<"a batch of a paused peer is dropped">();
    peer.in.stale = true;
    return std::nullopt;
  }
  if (batch.stream == peer.in.id) {
    peer.in.taken += batch.bytes.size();
    peer.in.progress_ms = now;
  }
  return batch;
}

// ---- Subscriptions and refusals.

void Exchange::reopen(const std::set<Origin>& ended) {
  ended_ = ended;
  for (auto& [origin, peer] : peers_) peer.in.stale = true;
  subscribe_all();
}

bool Exchange::asks_for(LinkId link, const BatchMessage& message, Origin origin) const {
  const Peer* const peer = peer_at(link);
  return peer != nullptr && peer->in.id == message.stream && peer->in.has(origin);
}

bool Exchange::asked_for(LinkId link, const BatchMessage& message) const {
  const Peer* const peer = peer_at(link);
  return peer != nullptr && peer->in.since <= message.stream && message.stream <= peer->in.id;
}

bool Exchange::has_shown(LinkId link, const core::Batch& batch) const {
  const Peer* const peer = peer_at(link);
  return peer != nullptr && peer->applied.at(batch.origin) >= batch.last();
}

void Exchange::refuse_lost(LinkId link, const std::string& region) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  refuse(found->second, "is region " + region + " with data that was declared lost", true);
}

void Exchange::refuse(Link& link, const std::string& why, bool lost) {
  effects_.push_back(Send{link.id, Refusal{self_.region, why, lost}});
  give_up(link, link.address.empty() ? "a leader that connected" : link.address, why);
}

void Exchange::refuse_protocol(Link& link, const Greeting& greeting) {
  link.other_protocol = true;
  const std::string where =
      link.address.empty() ? ", which dialled this leader," : " at " + link.address;
  give_up(link, "region " + greeting.region + where,
          "speaks protocol " + std::to_string(greeting.protocol) + ", this leader protocol " +
              std::to_string(Greeting::kProtocol));
}

void Exchange::give_up(Link& link, const std::string& who, const std::string& why) {
  link.why_refused = why;
  if (std::exchange(link.refused, true)) return;
  ++refused_greetings_;
  effects_.push_back(Alarm{who + " " + why + "; nothing is exchanged with it", true});
}

void Exchange::shown(Peer& peer, const VersionVector& applied, const VersionVector& durable,
                     Millis now) {
  peer.applied.join(applied);
  peer.durable.join(durable);
  measure_lag(peer, now);
}

void Exchange::measure_lag(Peer& peer, Millis now) const {
  if (peer.applied.includes(applied_.vector())) {
    peer.behind_since_ms = -1;
  } else if (peer.behind_since_ms < 0) {
    peer.behind_since_ms = now;
  }
}

// ---- Consuming.

bool Exchange::direct(const Peer& peer, Origin origin) const {
  return peer.origin == origin || peer.leads(applied_.head(origin).region);
}

bool Exchange::usable(const Peer& peer) const { return peer.connected() && !paused(peer); }

Peer* Exchange::source(Origin origin) {
  for (auto& [peer_origin, peer] : peers_) {
    if (usable(peer) && peer.in.has(origin)) return &peer;
  }
  return nullptr;
}

bool Exchange::somebody_has_more(Origin origin) const {
  return std::ranges::any_of(peers_, [&](const auto& each) {
    return usable(each.second) && has_more(each.second, origin);
  });
}

bool Exchange::has_more(const Peer& peer, Origin origin) const {
  return forks_.may_follow(peer, origin) && peer.applied.at(origin) > applied_.vector().at(origin);
}

bool Exchange::serves(const Peer& peer, Origin origin) const {
  return peer.served_from.at(origin) <= applied_.vector().at(origin) + 1;
}

std::optional<Origin> Exchange::snapshot_source(const std::set<Origin>& avoided) const {
  std::set<Origin> sources;
  for (const Origin origin : offered()) {
    std::set<Origin> trimmed;
    bool served = false;
    for (const auto& [peer_origin, peer] : peers_) {
      if (!usable(peer) || !has_more(peer, origin)) continue;
      served = served || serves(peer, origin);
      trimmed.insert(peer_origin);
    }
    if (!served) sources.merge(trimmed);
  }
  std::optional<Origin> best;
  core::Seq most = 0;
  for (const Origin source : sources) {
    const core::Seq ops = peers_.at(source).applied.ops_beyond(applied_.vector());
    // From a peer with another history of an origin, this leader takes no rows that it cannot
    // check.
    if (fork_with(source) || avoided.contains(source) || ops <= most) continue;
    best = source;
    most = ops;
  }
  return best;
}

std::vector<Origin> Exchange::offered() const {
  std::vector<Origin> origins;
  const auto offer = [&](const Peer& peer, Origin origin) {
    if (origin != self_.origin && forks_.may_follow(peer, origin)) origins.push_back(origin);
  };
  for (const auto& [peer_origin, peer] : peers_) {
    if (!usable(peer)) continue;
    offer(peer, peer_origin);
    for (const auto& [origin, seq] : peer.applied) offer(peer, origin);
  }
  std::ranges::sort(origins);
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  return origins;
}

Peer* Exchange::choose_source(Origin origin) {
  const auto stall = stalls_.find(origin);
  const bool lacking = somebody_has_more(origin);
  Peer* best = nullptr;
  int best_score = -1;
  for (auto& [peer_origin, peer] : peers_) {
    const bool more = has_more(peer, origin);
    const bool current = peer.in.has(origin);
    if (!usable(peer) || !(more || current || direct(peer, origin))) continue;
    if (!forks_.may_follow(peer, origin) || !serves(peer, origin)) continue;
    const bool avoided = stall != stalls_.end() && stall->second.avoided == peer_origin;
    // Another leader of its region may be behind, too.
    const bool nearer = direct(peer, origin) && (peer_origin == origin || more || !lacking);
    const int score = (avoided ? 0 : 8) + (nearer ? 4 : 0) + (current ? 2 : 0) + (more ? 1 : 0);
    if (score > best_score) {
      best = &peer;
      best_score = score;
    }
  }
  return best;
}

void Exchange::subscribe_all() {
  next_subscribe_ms_ = kNever;
  if (joining_) {
    for (auto& [origin, peer] : peers_) peer.in.origins.clear();
    return;
  }
  std::map<Origin, std::vector<Origin>> chosen;  // {peer: origins}, sorted as offered() is.
  for (const Origin origin : offered()) {
    if (settled_.contains(origin) && !somebody_has_more(origin)) continue;
    if (const Peer* peer = choose_source(origin)) chosen[peer->origin].push_back(origin);
  }
  for (auto& [origin, peer] : peers_) {
    if (!usable(peer)) {
      peer.in.origins.clear();
      continue;
    }
    std::vector<Origin>& origins = chosen[origin];
    if (!peer.in.stale && origins == peer.in.origins) continue;
    if (peer.in.may_ask(now_)) {
      subscribe(peer, std::move(origins));
    } else {
      mark<"a subscription waits for more to change">();
      next_subscribe_ms_ = std::min(next_subscribe_ms_, peer.in.asked_ms + InStream::kAskMs);
    }
  }
}

void Exchange::subscribe(Peer& peer, std::vector<Origin> origins) {
  peer.in.id = ++streams_;
  peer.in.origins = std::move(origins);
  peer.in.taken = peer.in.acked = 0;
  peer.in.dropped.clear();
  peer.in.stale = false;
  Subscribe wanted{peer.in.id, window_bytes_, {}, forks_.with(peer)};
  wanted.nonce = self_.nonce;
  for (const Origin each : peer.in.origins) {
    wanted.from.set(each, applied_.vector().at(each) + 1);
    if (ended_.contains(each)) wanted.ended.push_back(each);
  }
  send(peer, std::move(wanted));
}

bool Exchange::stands_still(Stall& stall, Origin origin, const Peer& from, Millis now) const {
  const core::Seq seq = applied_.vector().at(origin);
  const bool went_on = std::exchange(stall.seq, seq) != seq;
  const bool new_source = std::exchange(stall.source, from.origin) != from.origin;
  if (went_on || new_source) stall.ticks = stall.waits = stall.asked = 0;
  if (went_on || new_source) return false;
  const bool owes_ack = from.in.taken != from.in.acked;  // Then the source's window may be full.
  if (now - from.in.progress_ms >= kStallMs && !owes_ack) return true;
  // Other origins may come first in the source's log, if it has more of this one; not for ever.
  stall.ticks = 0;
  const bool can_come = from.applied.at(origin) > seq;
  if (++stall.waits < (can_come ? kWaitTicksMax : kEmptyTicksMax)) return false;
  stall.waits = 0;
  mark<"an origin is asked for again in a stream that never rests">();
  return true;
}

void Exchange::find_stalls(Millis now) {
  if (planted(Bug::kNeverMendStalls)) return;
  std::erase_if(stalls_, [&](const auto& each) {
    const Stall& stall = each.second;
    return stall.avoided != 0 ? now >= stall.avoided_until_ms : !somebody_has_more(each.first);
  });
  for (const Origin origin : offered()) {
    Peer* from = source(origin);  // Without one, a source is chosen right after this.
    if (from == nullptr || !somebody_has_more(origin)) continue;
    if (!stands_still(stalls_[origin], origin, *from, now)) continue;
    Stall& stall = stalls_[origin];
    mark<"an origin that stood still is asked for again">();
    from->in.stale = true;  // Asks again, and from the second time on another peer.
    const bool in_vain = ++stall.asked >= kAskedMax;
    if (++stall.ticks >= 2 || in_vain || from->applied.at(origin) <= stall.seq) {
      mark<"a silent peer is avoided">();
      stall.avoided = from->origin;
      stall.avoided_until_ms = now + kAvoidMs;
    }
  }
}

void Exchange::distrust(Origin origin, Origin peer, Millis now) {
  Stall& stall = stalls_[origin];
  stall.avoided = peer;
  stall.avoided_until_ms = now + kAvoidMs;
  subscribe_all();  // If there is no other peer, it is asked again as for any stall.
}

void Exchange::distrust_log(LinkId link) {
  const auto peer = peers_.find(this->peer(link));
  if (peer == peers_.end()) return;
  for (const Origin origin : peer->second.in.origins) {
    const core::Seq shown = peer->second.applied.at(origin);
    if (shown > applied_.vector().at(origin)) peer->second.served_from.raise(origin, shown + 1);
  }
}

void Exchange::pass_on(const SignedPosition& position) {
  if (joining_) return;
  const bool is_own = position.region == self_.region;
  for (const auto& [origin, peer] : peers_) {
    if (usable(peer) && (is_own || peer.out.serves(position.origin))) send(peer, position);
  }
}

void Exchange::merged(Millis now) {
  for (auto& [origin, peer] : peers_) {
    peer.in.stale = true;
    acknowledge(peer);
    measure_lag(peer, now);
  }
  subscribe_all();
}

// ---- Producing.

void Exchange::log_grew(storage::Position durable, Millis now) {
  durable_ = durable;
  for (auto& [origin, peer] : peers_) {
    measure_lag(peer, now);
    pump(peer);
  }
}

void Exchange::pump(Peer& peer) {
  if (!usable(peer) || joining_) return;
  const core::VersionVector trimmed = peer.out.trimmed();
  peer.out.pump(log_, durable_, [&](BatchMessage batch) { send(peer, std::move(batch)); });
  if (peer.out.trimmed() != trimmed) send(peer, Trimmed{peer.out.id(), peer.out.trimmed()});
}

bool Exchange::send_to(Origin peer, Message message) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || !usable(found->second)) return false;
  send(found->second, std::move(message));
  return true;
}

void Exchange::send(const Peer& peer, Message message) {
  if (!peer.connected()) return;
  effects_.push_back(Send{peer.links.front(), std::move(message)});
}

// ---- Time.

// A peer that knows this leader sends heartbeats. A peer that sends none has missed the greeting,
// whatever late or repeated messages from before have come of it.
bool Exchange::unknown_there(const Link& link, Millis now) {
  const bool never_heard = link.heard_ms < link.greeted_ms;
  return now - std::max(link.greeted_ms, link.heard_ms) >=
         kHeartbeatMs * (never_heard ? 1 : kSilentTicks);
}

bool Exchange::tick(Millis now, const std::function<Showing()>& showing) {
  now_ = now;
  if (now >= next_subscribe_ms_) subscribe_all();
  if (now >= next_show_ms_) show_news(now);
  if (now < next_heartbeat_ms_) return false;
  next_heartbeat_ms_ = now + kHeartbeatMs;
  const Showing shown = showing();
  for (auto& [id, link] : links_) {
    if (unknown_there(link, now)) greet(link, now);
    if (!peers_.contains(link.peer)) continue;
    effects_.push_back(Send{id, heartbeat(link, shown, now)});
  }
  for (auto& [origin, peer] : peers_) {
    measure_lag(peer, now);
    if (!joining_ && peer.connected()) peer.told = applied_.vector();
    peer.told_early.clear();
  }
  forks_.retain(peers_);
  repeat_histories();
  if (!still_ && !joining_) find_stalls(now);
  subscribe_all();
  return true;
}

}  // namespace anabranch::regions
