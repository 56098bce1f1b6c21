#include "regions/exchange/subscriptions.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::Origin;
using core::planted;
using core::VersionVector;

// ---- Sources.

bool Subscriptions::direct(const Peer& peer, Origin origin) const {
  return peer.origin == origin || peer.leads(applied_.head(origin).region);
}

bool Subscriptions::has_more(const Peer& peer, Origin origin) const {
  return forks_.may_follow(peer, origin) && peer.applied.at(origin) > applied_.vector().at(origin);
}

bool Subscriptions::somebody_has_more(Origin origin) const {
  return std::ranges::any_of(links_.peers(), [&](const auto& each) {
    return links_.usable(each.second) && has_more(each.second, origin);
  });
}

bool Subscriptions::somebody_serves_more(Origin origin) const {
  return std::ranges::any_of(links_.peers(), [&](const auto& each) {
    const Peer& peer = each.second;
    return links_.usable(peer) && has_more(peer, origin) && serves(peer, origin);
  });
}

bool Subscriptions::serves(const Peer& peer, Origin origin) const {
  return peer.served_from.at(origin) <= applied_.vector().at(origin) + 1;
}

Peer* Subscriptions::source(Origin origin) {
  for (auto& [peer_origin, peer] : links_.peers()) {
    if (links_.usable(peer) && peer.in.has(origin)) return &peer;
  }
  return nullptr;
}

std::vector<Origin> Subscriptions::offered() const {
  std::vector<Origin> origins;
  const auto offer = [&](const Peer& peer, Origin origin) {
    if (origin != links_.self().origin && forks_.may_follow(peer, origin))
      origins.push_back(origin);
  };
  for (const auto& [peer_origin, peer] : links_.peers()) {
    if (!links_.usable(peer)) continue;
    offer(peer, peer_origin);
    for (const auto& [origin, seq] : peer.applied) offer(peer, origin);
  }
  std::ranges::sort(origins);
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  return origins;
}

Peer* Subscriptions::choose_source(Origin origin, bool lacking) {
  const auto stall = stalls_.find(origin);
  Peer* best = nullptr;
  int best_score = -1;
  for (auto& [peer_origin, peer] : links_.peers()) {
    const bool more = has_more(peer, origin);
    const bool current = peer.in.has(origin);
    if (!links_.usable(peer) || !(more || current || direct(peer, origin))) continue;
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

// ---- Subscribing.

void Subscriptions::renew() {
  next_ms_ = kNever;
  waiting_ = 0;
  if (suspended_) {
    for (auto& [origin, peer] : links_.peers()) peer.in.origins.clear();
    return;
  }
  std::map<Origin, std::vector<Origin>> chosen;  // {peer: origins}, sorted as offered() is.
  for (const Origin origin : offered()) {
    const bool lacking = somebody_has_more(origin);
    if (settled_.contains(origin) && !lacking) continue;
    if (const Peer* peer = choose_source(origin, lacking)) chosen[peer->origin].push_back(origin);
  }
  for (auto& [origin, peer] : links_.peers()) {
    if (!links_.usable(peer)) {
      peer.in.origins.clear();
      continue;
    }
    std::vector<Origin>& origins = chosen[origin];
    if (!peer.in.stale && origins == peer.in.origins) continue;
    if (peer.in.is_coming(now_) && peer.in.id != 0) {
      mark<"a subscription waits for the body that is coming">();
      ++waiting_;
      next_ms_ = std::min(next_ms_, now_ + kComingMs);
    } else if (peer.in.may_ask(now_)) {
      subscribe(peer, std::move(origins));
    } else {
      mark<"a subscription waits for more to change">();
      ++waiting_;
      next_ms_ = std::min(next_ms_, peer.in.asked_ms + InStream::kAskMs);
    }
  }
}

void Subscriptions::subscribe(Peer& peer, std::vector<Origin> origins) {
  peer.in.id = ++streams_;
  peer.in.origins = std::move(origins);
  peer.in.taken = peer.in.acked = 0;
  peer.in.dropped.clear();
  peer.in.stale = false;
  peer.in.opened_ms = now_;
  Subscribe wanted{peer.in.id, window_bytes_, {}, forks_.with(peer)};
  wanted.nonce = links_.self().nonce;
  for (const Origin each : peer.in.origins) {
    wanted.from.set(each, applied_.vector().at(each) + 1);
    if (ended_.contains(each)) wanted.ended.push_back(each);
  }
  links_.send(peer, std::move(wanted));
}

void Subscriptions::tick() {
  if (now_ >= next_ms_) renew();
}

void Subscriptions::suspend(bool suspended) {
  suspended_ = suspended;
  stalls_.clear();
}

void Subscriptions::met(Peer& peer) {
  peer.in.since = streams_ + 1;
  std::erase_if(stalls_, [&](const auto& stall) { return stall.second.avoided == peer.origin; });
}

void Subscriptions::reopen(const std::set<Origin>& ended) {
  ended_ = ended;
  for (auto& [origin, peer] : links_.peers()) peer.in.stale = true;
  renew();
}

// ---- Stalls.

bool Subscriptions::stands_still(Stall& stall, Origin origin, Peer& from, Millis now) const {
  const core::Seq seq = applied_.vector().at(origin);
  const bool went_on = std::exchange(stall.seq, seq) != seq;
  const bool new_source = std::exchange(stall.source, from.origin) != from.origin;
  if (went_on && !new_source) from.in.patience_ms = InStream::kPatienceMs;
  if (went_on || new_source) stall.ticks = stall.waits = stall.asked = 0;
  if (went_on || new_source) return false;
  if (from.in.is_coming(now)) {
    mark<"a stream is not asked for again while its bytes come">();
    stall.ticks = stall.waits = 0;
    return false;
  }
  const bool owes_ack = from.in.taken != from.in.acked;  // Then the source's window may be full.
  if (now - from.in.progress_ms >= kStallMs && !owes_ack) return true;
  // Other origins may come first in the source's log, if it has more of this one; not for ever.
  stall.ticks = 0;
  const bool can_come = from.applied.at(origin) > seq;
  if (++stall.waits < (can_come ? kWaitTicksMax : kEmptyTicksMax)) return false;
  if (!may_begin_anew(from.in, now)) return false;
  stall.waits = 0;
  mark<"an origin is asked for again in a stream that never rests">();
  return true;
}

bool Subscriptions::may_begin_anew(InStream& in, Millis now) {
  if (in.stale) return true;
  if (now - in.opened_ms < in.patience_ms && !planted(Bug::kNoPatience)) return false;
  in.patience_ms = std::min(2 * in.patience_ms, InStream::kPatienceMaxMs);
  return true;
}

void Subscriptions::find_stalls(Millis now) {
  if (requests_paused_ || suspended_ || planted(Bug::kNeverMendStalls)) return;
  std::erase_if(stalls_, [&](const auto& each) {
    const Stall& stall = each.second;
    return stall.avoided != 0 ? now >= stall.avoided_until_ms : !somebody_serves_more(each.first);
  });
  for (const Origin origin : offered()) {
    Peer* from = source(origin);  // Without one, a source is chosen right after this.
    if (from == nullptr || !somebody_serves_more(origin)) continue;
    Stall& stall = stalls_[origin];
    if (!from->in.is_coming(now) && lags_behind(stall, origin, *from))
      avoid(stall, from->origin, now);
    if (!stands_still(stall, origin, *from, now)) continue;
    mark<"an origin that stood still is asked for again">();
    from->in.stale = true;  // Asks again, and from the second time on another peer.
    const bool in_vain = ++stall.asked >= kAskedMax;
    if (++stall.ticks >= 2 || in_vain || from->applied.at(origin) <= stall.seq) {
      mark<"a silent peer is avoided">();
      avoid(stall, from->origin, now);
    }
  }
}

bool Subscriptions::lags_behind(Stall& stall, Origin origin, const Peer& from) const {
  const core::Seq here = applied_.vector().at(origin);
  core::Seq most = here;
  for (const auto& [peer_origin, peer] : links_.peers()) {
    if (peer_origin == stall.avoided) continue;  // It shows more, and has sent nothing.
    if (!links_.usable(peer) || !has_more(peer, origin) || !serves(peer, origin)) continue;
    most = std::max(most, peer.applied.at(origin));
  }
  const core::Seq there = std::max(from.applied.at(origin), here);
  const bool lags = most - here > 2 * (there - here) + kLagOps;
  stall.lags = lags ? stall.lags + 1 : 0;
  if (stall.lags < kLagTicksMax) return false;
  stall.lags = 0;
  mark<"a source that lags far behind is avoided">();
  return true;
}

void Subscriptions::avoid(Stall& stall, Origin peer, Millis now) {
  stall.avoided = peer;
  stall.avoided_until_ms = now + kAvoidMs;
}

std::size_t Subscriptions::avoided() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(stalls_, [](const auto& each) { return each.second.avoided != 0; }));
}

void Subscriptions::avoid_source(Origin origin, Origin peer, Millis now) {
  avoid(stalls_[origin], peer, now);
  renew();  // If there is no other peer, it is asked again as for any stall.
}

bool Subscriptions::ask_for_proof(Origin origin, Millis now) {
  if (requests_paused_ || suspended_) return false;
  Peer* const from = source(origin);
  if (from == nullptr || from->in.stale || from->in.is_coming(now) ||
      !may_begin_anew(from->in, now)) {
    return false;
  }
  mark<"a proof that is missing is asked for">();
  return from->in.stale = true;
}

void Subscriptions::distrust_log(LinkId link) {
  Peer* const peer = links_.peer_at(link);
  if (peer == nullptr) return;
  for (const Origin origin : peer->in.origins) {
    const core::Seq shown = peer->applied.at(origin);
    if (shown > applied_.vector().at(origin)) peer->served_from.raise(origin, shown + 1);
  }
}

void Subscriptions::dropped(LinkId link, std::uint64_t stream, Origin origin, core::Seq first) {
  Peer* const peer = links_.peer_at(link);
  if (peer == nullptr) return;
  InStream& in = peer->in;
  if (in.id == stream && in.has(origin)) in.dropped.try_emplace(origin, first);
}

void Subscriptions::ask_for_dropped() {
  bool any = false;
  for (auto& [peer_origin, peer] : links_.peers()) {
    const bool lacking = std::ranges::any_of(peer.in.dropped, [&](const auto& each) {
      return applied_.vector().at(each.first) + 1 >= each.second;
    });
    if (!lacking) continue;
    mark<"what had no room is asked for again">();
    peer.in.dropped.clear();
    peer.in.stale = any = true;
  }
  if (any) renew();
}

bool Subscriptions::is_in_vain(const Peer& peer, const Waits& waits) const {
  if (planted(Bug::kAckInVain)) return false;
  if (peer.in.stale) return true;
  if (peer.in.dropped.empty()) return false;
  return std::ranges::all_of(
      peer.in.origins, [&](Origin origin) { return !has_more(peer, origin) || waits(origin); });
}

// ---- News and snapshots.

bool Subscriptions::shows_news(const VersionVector& applied) const {
  return std::ranges::any_of(applied, [&](const VersionVector::Entry& entry) {
    const Origin origin = entry.origin;
    if (origin == links_.self().origin || entry.seq <= applied_.vector().at(origin)) return false;
    bool can_come = false;
    for (const auto& [peer_origin, peer] : links_.peers()) {
      if (!links_.usable(peer)) continue;
      if (peer.in.has(origin)) return false;
      can_come = can_come || (has_more(peer, origin) && serves(peer, origin));
    }
    return can_come;
  });
}

std::optional<Origin> Subscriptions::snapshot_source(const std::set<Origin>& avoided) const {
  std::set<Origin> sources;
  for (const Origin origin : offered()) {
    std::set<Origin> trimmed;
    bool served = false;
    for (const auto& [peer_origin, peer] : links_.peers()) {
      if (!links_.usable(peer) || !has_more(peer, origin)) continue;
      served = served || serves(peer, origin);
      trimmed.insert(peer_origin);
    }
    if (!served) sources.merge(trimmed);
  }
  std::optional<Origin> best;
  core::Seq most = 0;
  for (const Origin source : sources) {
    const Peer& peer = links_.peers().at(source);
    const core::Seq ops = peer.applied.ops_beyond(applied_.vector());
    // From a peer with another history of an origin, this leader takes no rows that it cannot
    // check.
    if (!forks_.with(peer).empty() || avoided.contains(source) || ops <= most) continue;
    best = source;
    most = ops;
  }
  return best;
}

}  // namespace anabranch::regions
