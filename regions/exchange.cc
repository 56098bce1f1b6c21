#include "regions/exchange.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

using core::Millis;
using core::Origin;
using core::VersionVector;

Exchange::Exchange(Self self, const Applied& applied, const storage::Storage& log, Effects& effects)
    : self_(std::move(self)),
      applied_(applied),
      log_(log),
      effects_(effects),
      durable_(log.durable_position()) {}

// ---- Links.

void Exchange::link_up(LinkId link, std::string address, Millis now) {
  links_[link] = {.id = link, .address = std::move(address), .greeted_ms = now};
  effects_.push_back(Send{link, greeting()});
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

std::string Exchange::region(LinkId link) const {
  const auto found = links_.find(link);
  if (found == links_.end()) return {};
  const auto peer = peers_.find(found->second.peer);
  return peer == peers_.end() ? std::string() : peer->second.region;
}

// ---- Messages.

std::optional<BatchMessage> Exchange::step(LinkId link_id, Message message, Millis now) {
  const auto found = links_.find(link_id);
  if (found == links_.end()) return std::nullopt;
  Link& link = found->second;
  if (const auto* greeting = std::get_if<Greeting>(&message)) {
    on(link, *greeting, now);
    return std::nullopt;
  }
  const auto peer = peers_.find(link.peer);
  if (peer == peers_.end()) return std::nullopt;  // Not greeted yet: its greeting got lost.
  link.heard = true;
  if (auto* batch = std::get_if<BatchMessage>(&message)) {
    return on(peer->second, std::move(*batch), now);
  }
  if (const auto* beat = std::get_if<Heartbeat>(&message)) on(peer->second, *beat, now);
  if (const auto* wanted = std::get_if<Subscribe>(&message)) on(peer->second, *wanted);
  if (const auto* ack = std::get_if<Ack>(&message)) on(peer->second, *ack, now);
  return std::nullopt;
}

void Exchange::on(Link& link, const Greeting& greeting, Millis now) {
  if (greeting.mesh != self_.mesh) {
    refuse(link, "belongs to another mesh");
    return;
  }
  if (greeting.origin == self_.origin) {
    refuse(link, "has this leader's own origin: a copied directory, or this leader itself");
    return;
  }
  const Origin before = std::exchange(link.peer, greeting.origin);
  const bool first = before != greeting.origin;
  if (first && peers_.contains(before)) std::erase(peers_.at(before).links, link.id);
  std::erase_if(peers_, [&](const auto& each) {  // Its incarnations that are gone.
    return each.second.region == greeting.region && each.first != greeting.origin &&
           !each.second.connected();
  });
  Peer& peer = peers_[greeting.origin];
  const bool restarted = peer.nonce != greeting.nonce;  // Or met for the first time.
  if (restarted) {
    peer.out = {};
    peer.applied = peer.durable = {};
  }
  peer.origin = greeting.origin;
  peer.region = greeting.region;
  peer.nonce = greeting.nonce;
  if (first) peer.links.push_back(link.id);
  peer.in.stale = true;
  if (first || restarted) {
    std::erase_if(stalls_, [&](const auto& stall) { return stall.second.avoided == peer.origin; });
  }
  shown(peer, greeting.applied, peer.durable, now);
  subscribe_all();
}

void Exchange::on(Peer& peer, const Heartbeat& heartbeat, Millis now) {
  shown(peer, heartbeat.applied, heartbeat.durable, now);
  subscribe_all();
}

void Exchange::on(Peer& peer, const Subscribe& subscribe) {
  peer.out.subscribe(subscribe, log_);
  pump(peer);
}

void Exchange::on(Peer& peer, const Ack& ack, Millis now) {
  peer.out.acknowledge(ack);
  shown(peer, ack.applied, ack.durable, now);
  pump(peer);
}

std::optional<BatchMessage> Exchange::on(Peer& peer, BatchMessage batch, Millis now) {
  if (paused(peer)) {
    peer.in.stale = true;
    return std::nullopt;
  }
  if (batch.stream == peer.in.id) {
    peer.in.taken += batch.bytes.size();
    peer.in.progress_ms = now;
  }
  return batch;
}

Message Exchange::greeting() const {
  return Greeting{Greeting::kProtocol, self_.mesh,  self_.region,
                  self_.origin,        self_.nonce, applied_.vector()};
}

void Exchange::refuse(Link& link, const std::string& why) {
  if (!std::exchange(link.refused, true)) {
    const std::string who = link.address.empty() ? "a leader that connected" : link.address;
    effects_.push_back(Alarm{who + " " + why + "; nothing is exchanged with it"});
  }
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
  return peer.origin == origin || peer.region == applied_.head(origin).region;
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
    return usable(each.second) && each.second.applied.at(origin) > applied_.vector().at(origin);
  });
}

std::set<Origin> Exchange::offered() const {
  std::set<Origin> origins;
  for (const auto& [peer_origin, peer] : peers_) {
    if (!usable(peer)) continue;
    origins.insert(peer_origin);
    for (const auto& [origin, seq] : peer.applied) origins.insert(origin);
  }
  origins.erase(self_.origin);
  return origins;
}

Peer* Exchange::choose_source(Origin origin) {
  const auto stall = stalls_.find(origin);
  Peer* best = nullptr;
  int best_score = -1;
  for (auto& [peer_origin, peer] : peers_) {
    const bool has_more = peer.applied.at(origin) > applied_.vector().at(origin);
    const bool current = peer.in.has(origin);
    if (!usable(peer) || !(has_more || current || direct(peer, origin))) continue;
    const bool avoided = stall != stalls_.end() && stall->second.avoided == peer_origin;
    const int score =
        (avoided ? 0 : 8) + (direct(peer, origin) ? 4 : 0) + (current ? 2 : 0) + (has_more ? 1 : 0);
    if (score > best_score) {
      best = &peer;
      best_score = score;
    }
  }
  return best;
}

void Exchange::subscribe_all() {
  std::map<Origin, std::vector<Origin>> chosen;  // {peer: origins}, sorted as offered() is.
  for (const Origin origin : offered()) {
    if (const Peer* peer = choose_source(origin)) chosen[peer->origin].push_back(origin);
  }
  for (auto& [origin, peer] : peers_) {
    if (!usable(peer)) {
      peer.in.origins.clear();
      continue;
    }
    std::vector<Origin>& origins = chosen[origin];
    if (peer.in.stale || origins != peer.in.origins) subscribe(peer, std::move(origins));
  }
}

void Exchange::subscribe(Peer& peer, std::vector<Origin> origins) {
  peer.in = {++streams_, std::move(origins), 0, 0, false, peer.in.progress_ms};
  Subscribe wanted{peer.in.id, kWindowBytes, {}};
  for (const Origin each : peer.in.origins) wanted.from.set(each, applied_.vector().at(each) + 1);
  send(peer, std::move(wanted));
}

bool Exchange::stands_still(Stall& stall, Origin origin, const Peer& from, Millis now) const {
  const core::Seq seq = applied_.vector().at(origin);
  const bool went_on = std::exchange(stall.seq, seq) != seq;
  const bool new_source = std::exchange(stall.source, from.origin) != from.origin;
  if (went_on || new_source) stall.ticks = stall.waits = 0;
  if (went_on || new_source) return false;
  if (now - from.in.progress_ms >= kStallMs) return true;
  stall.ticks = 0;  // Others come first in the log of its source; but not for ever.
  if (++stall.waits < kWaitTicksMax) return false;
  stall.waits = 0;
  return true;
}

void Exchange::find_stalls(Millis now) {
  std::erase_if(stalls_, [&](const auto& each) {
    const Stall& stall = each.second;
    return stall.avoided != 0 ? now >= stall.avoided_until_ms : !somebody_has_more(each.first);
  });
  for (const Origin origin : offered()) {
    Peer* from = source(origin);  // Without one, it is chosen right after this.
    if (from == nullptr || !somebody_has_more(origin)) continue;
    if (!stands_still(stalls_[origin], origin, *from, now)) continue;
    Stall& stall = stalls_[origin];
    from->in.stale = true;  // Asks again, and from the second time on somebody else.
    if (++stall.ticks >= 2 || from->applied.at(origin) <= stall.seq) {
      stall.avoided = from->origin;
      stall.avoided_until_ms = now + kAvoidMs;
    }
  }
}

void Exchange::applied_more(Millis now) {
  for (auto& [origin, peer] : peers_) {
    measure_lag(peer, now);
    if (peer.in.taken != peer.in.acked) acknowledge(peer);
  }
}

void Exchange::acknowledge(Peer& peer) {
  peer.in.acked = peer.in.taken;
  send(peer, Ack{peer.in.id, peer.in.taken, applied_.vector(), durable_vector()});
}

VersionVector Exchange::durable_vector() const {
  return durable_ == log_.last_position() ? applied_.vector() : VersionVector{};
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
  if (!usable(peer)) return;
  peer.out.pump(log_, durable_, [&](BatchMessage batch) { send(peer, std::move(batch)); });
}

void Exchange::send(const Peer& peer, Message message) {
  if (!peer.connected()) return;
  effects_.push_back(Send{peer.links.front(), std::move(message)});
}

// ---- Time.

void Exchange::tick(Millis now, core::Hlc hlc) {
  if (now < next_heartbeat_ms_) return;
  next_heartbeat_ms_ = now + kHeartbeatMs;
  for (auto& [id, link] : links_) {
    if (!link.heard && now - link.greeted_ms >= kHeartbeatMs) {  // The greeting may be lost.
      link.greeted_ms = now;
      effects_.push_back(Send{id, greeting()});
    }
    if (!peers_.contains(link.peer)) continue;
    effects_.push_back(Send{id, Heartbeat{applied_.vector(), durable_vector(), hlc}});
  }
  for (auto& [origin, peer] : peers_) measure_lag(peer, now);
  find_stalls(now);
  subscribe_all();
}

// ---- Pausing.

bool Exchange::paused(const Peer& peer) const {
  if (paused_.empty()) return false;
  return paused_.contains(peer.region) || std::ranges::any_of(peer.links, [&](LinkId id) {
           return paused_.contains(links_.at(id).address);
         });
}

bool Exchange::known(std::string_view name) const {
  return std::ranges::any_of(peers_,
                             [&](const auto& each) { return each.second.region == name; }) ||
         std::ranges::any_of(links_, [&](const auto& each) { return each.second.address == name; });
}

bool Exchange::pause(std::string_view name) {
  if (name.empty() || !known(name)) return false;
  paused_.emplace(name);
  return true;
}

bool Exchange::resume(std::string_view name) {
  const auto found = paused_.find(name);
  if (found == paused_.end() && !known(name)) return false;
  if (found != paused_.end()) paused_.erase(found);
  for (auto& [origin, peer] : peers_) {
    if (called(peer, name)) forget_pauses(peer);
    peer.in.stale = true;
    pump(peer);
  }
  subscribe_all();
  return true;
}

bool Exchange::called(const Peer& peer, std::string_view name) const {
  return peer.region == name ||
         std::ranges::any_of(peer.links, [&](LinkId id) { return links_.at(id).address == name; });
}

void Exchange::forget_pauses(const Peer& peer) {
  paused_.erase(peer.region);
  for (const LinkId id : peer.links) paused_.erase(links_.at(id).address);
}

}  // namespace anabranch::regions
