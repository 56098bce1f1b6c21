#include "regions/exchange/subscriptions.h"

#include <algorithm>
#include <string_view>
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

bool Subscriptions::serves(const Peer& peer, Origin origin) const {
  return peer.served_from.at(origin) <= applied_.vector().at(origin) + 1;
}

Peer* Subscriptions::source(Origin origin) {
  for (auto& [peer_origin, peer] : links_.peers()) {
    if (links_.usable(peer) && peer.in.has(origin)) return &peer;
  }
  return nullptr;
}

std::vector<Subscriptions::Offer> Subscriptions::offers() const {
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
  std::vector<Offer> offers(origins.size());
  for (std::size_t i = 0; i < offers.size(); ++i) {
    offers[i].origin = origins[i];
    offers[i].here = applied_.vector().at(origins[i]);
  }
  for (auto& [peer_origin, peer] : links_.peers()) {
    if (links_.usable(peer)) look_at(peer, offers);
  }
  return offers;
}

Subscriptions::Offer* Subscriptions::find(std::vector<Offer>& offers, Origin origin) {
  const auto found = std::ranges::lower_bound(offers, origin, {}, &Offer::origin);
  return found == offers.end() || found->origin != origin ? nullptr : &*found;
}

// Finds offers in the order of their origins.
class Subscriptions::Walk {
 public:
  explicit Walk(std::vector<Offer>& offers) : at_(offers.begin()), end_(offers.end()) {}
  // The origin must be none before the last one that was asked for.
  Offer* to(Origin origin) {
    for (std::ptrdiff_t step = 1; at_ != end_ && at_->origin < origin; step *= 2) {
      const auto next = at_ + std::min(step, end_ - at_);
      const bool passed = next == end_ || next->origin >= origin;
      at_ = passed ? std::ranges::lower_bound(at_, next, origin, {}, &Offer::origin) : next;
      if (passed) break;
    }
    return at_ == end_ || at_->origin != origin ? nullptr : &*at_;
  }

 private:
  std::vector<Offer>::iterator at_;
  std::vector<Offer>::iterator end_;
};

void Subscriptions::look_at(Peer& peer, std::vector<Offer>& offers) const {
  Walk followed(offers);
  for (const Origin origin : peer.in.origins) {
    Offer* const offer = followed.to(origin);
    if (offer != nullptr && offer->source == nullptr) offer->source = &peer;
  }
  Walk shown(offers);
  for (const auto& [origin, seq] : peer.applied) {
    Offer* const offer = shown.to(origin);
    if (offer == nullptr || seq <= offer->here || !forks_.may_follow(peer, origin)) continue;
    offer->lacking = true;
    if (!serves(peer, origin)) continue;
    offer->served = true;
    if (seq > offer->most) {
      offer->second = std::exchange(offer->most, seq);
      offer->most_by = peer.origin;
    } else {
      offer->second = std::max(offer->second, seq);
    }
  }
}

// An origin is followed only through a peer that has more of it, is its source already, or leads
// its region.
void Subscriptions::choose_sources(std::vector<Offer>& offers) const {
  std::map<std::string_view, std::vector<Origin>> by_region;
  for (const auto& [origin, seq] : applied_.vector()) {
    by_region[applied_.head(origin).region].push_back(origin);
  }
  for (auto& [peer_origin, peer] : links_.peers()) {
    if (!links_.usable(peer)) continue;
    if (Offer* const own = find(offers, peer_origin)) weigh(peer, *own);
    Walk followed(offers);
    for (const Origin origin : peer.in.origins) {
      if (Offer* const offer = followed.to(origin)) weigh(peer, *offer);
    }
    Walk shown(offers);
    for (const auto& [origin, seq] : peer.applied) {
      Offer* const offer = shown.to(origin);
      if (offer != nullptr && seq > offer->here) weigh(peer, *offer);
    }
    const auto led = by_region.find(peer.region);
    if (peer.follows || led == by_region.end()) continue;
    Walk written(offers);
    for (const Origin origin : led->second) {
      if (Offer* const offer = written.to(origin)) weigh(peer, *offer);
    }
  }
}

void Subscriptions::weigh(Peer& peer, Offer& offer) const {
  const Origin origin = offer.origin;
  if (!forks_.may_follow(peer, origin) || !serves(peer, origin)) return;
  const bool more = peer.applied.at(origin) > offer.here;
  const bool current = peer.in.has(origin);
  const auto stall = stalls_.find(origin);
  const bool avoided = stall != stalls_.end() && stall->second.avoided == peer.origin;
  // Another leader of its region may be behind, too.
  const bool nearer = direct(peer, origin) && (peer.origin == origin || more || !offer.lacking);
  const int score = (avoided ? 0 : 8) + (nearer ? 4 : 0) + (current ? 2 : 0) + (more ? 1 : 0);
  if (score <= offer.score) return;
  offer.best = &peer;
  offer.score = score;
}

// ---- Subscribing.

void Subscriptions::renew() {
  next_ms_ = kNever;
  waiting_ = 0;
  if (suspended_) {
    for (auto& [origin, peer] : links_.peers()) peer.in.origins.clear();
    return;
  }
  if (now_ < renew_ms_) {
    next_ms_ = renew_ms_;
    return;
  }
  std::vector<Offer> offered = offers();
  choose_sources(offered);
  std::map<Origin, std::vector<Origin>> chosen;  // {peer: origins}, sorted as the offers are.
  for (const Offer& offer : offered) {
    if (settled_.contains(offer.origin) && !offer.lacking) continue;
    if (offer.best != nullptr) chosen[offer.best->origin].push_back(offer.origin);
  }
  renew_ms_ = now_ + static_cast<Millis>(links_.origins_shown() / kOriginsPerMs);
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
  std::vector<Offer> offered = offers();
  std::erase_if(stalls_, [&](const auto& each) {
    const Stall& stall = each.second;
    if (stall.avoided != 0) return now >= stall.avoided_until_ms;
    const Offer* const offer = find(offered, each.first);
    return offer == nullptr || !offer->served;
  });
  for (const Offer& offer : offered) {
    const Origin origin = offer.origin;
    Peer* const from = offer.source;  // Without one, a source is chosen right after this.
    if (from == nullptr || !offer.served) continue;
    Stall& stall = stalls_[origin];
    if (!from->in.is_coming(now) && lags_behind(stall, offer)) avoid(stall, from->origin, now);
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

bool Subscriptions::lags_behind(Stall& stall, const Offer& offer) const {
  const core::Seq here = applied_.vector().at(offer.origin);
  // One that is avoided shows more, and has sent nothing.
  const core::Seq others = offer.most_by == stall.avoided ? offer.second : offer.most;
  const core::Seq most = std::max(here, others);
  const core::Seq there = std::max(offer.source->applied.at(offer.origin), here);
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
  const auto is_beyond = [&](const VersionVector::Entry& entry) {
    return entry.origin != links_.self().origin && entry.seq > applied_.vector().at(entry.origin);
  };
  if (std::ranges::none_of(applied, is_beyond)) return false;
  std::vector<Offer> offered = offers();
  return std::ranges::any_of(applied, [&](const VersionVector::Entry& entry) {
    if (!is_beyond(entry)) return false;
    const Offer* const offer = find(offered, entry.origin);
    return offer != nullptr && offer->source == nullptr && offer->served;
  });
}

std::optional<Origin> Subscriptions::snapshot_source(const std::set<Origin>& avoided) const {
  std::vector<Offer> offered = offers();
  std::set<Origin> sources;
  for (const auto& each : links_.peers()) {
    const Peer& peer = each.second;
    if (!links_.usable(peer)) continue;
    const bool trimmed = std::ranges::any_of(peer.applied, [&](const VersionVector::Entry& entry) {
      if (!has_more(peer, entry.origin)) return false;
      const Offer* const offer = find(offered, entry.origin);
      return offer != nullptr && !offer->served;
    });
    if (trimmed) sources.insert(each.first);
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
