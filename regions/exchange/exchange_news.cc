// Part of Exchange: shows peers at once that more of an origin has come here. A peer that follows
// an origin through no peer, since none it knows had more of it, asks for it as soon as it knows;
// if it were told with the next heartbeat only, a write would take a second for each leader on its
// way.
#include <algorithm>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/exchange/exchange.h"
#include "regions/state/durable_state.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::Origin;
using core::planted;
using core::VersionVector;

// An ack makes room in the peer's window. While a stream is in vain its batches would only be
// dropped, and come again: the peer rests until more is applied, or until it is asked anew. So it
// is asked first: a new stream owes no ack.
void Exchange::applied_more(Millis now, bool more_wanted, const Subscriptions::Waits& waits) {
  subscriptions_.set_time(now);
  if (more_wanted) subscriptions_.ask_for_dropped();
  ask_waiting(now);
  for (auto& [origin, peer] : links_.peers()) {
    measure_lag(peer, now);
    if (!more_wanted || peer.in.taken == peer.in.acked) continue;
    if (subscriptions_.is_in_vain(peer, waits)) {
      mark<"a stream in vain gets no ack">();
    } else {
      acknowledge(peer);
    }
  }
  show_news(now);
}

void Exchange::acknowledge(Peer& peer) {
  if (joining_) return;
  peer.in.acked = peer.in.taken;
  show(peer);
}

// The ack carries the same bytes as the last one: it acknowledges no more of the stream.
void Exchange::show(Peer& peer) {
  const VersionVector& shown = planted(Bug::kShowUnapplied) ? peer.applied : applied_.vector();
  peer.told = applied_.vector();
  links_.send(peer, Ack{peer.in.id, peer.in.acked, settled_.without(shown),
                        settled_.without(durable_vector())});
}

VersionVector Exchange::durable_vector() const {
  return planted(Bug::kCallAllDurable) ? applied_.vector() : durable_state_.vector();
}

// Peers follow this leader's own origin from their greeting on, and batches that a peer follows
// through this leader come by themselves. An origin that the peer was told early since the last
// heartbeat, and has not asked for, comes to it through another leader.
std::vector<Origin> Exchange::news_for(const Peer& peer) const {
  std::vector<Origin> news;
  if (peer.behind_since_ms < 0 || !links_.usable(peer)) return news;
  for (const auto& [origin, seq] : applied_.vector()) {
    if (origin == self().origin || peer.out.serves(origin)) continue;
    if (seq <= peer.told.at(origin) || seq <= peer.applied.at(origin)) continue;
    const auto& early = peer.told_early;
    if (std::ranges::find(early, origin) == early.end()) news.push_back(origin);
  }
  return news;
}

void Exchange::show_news(Millis now) {
  if (joining_) return;
  next_show_ms_ = kNever;
  for (auto& [origin, peer] : links_.peers()) {
    const std::vector<Origin> news = news_for(peer);
    if (news.empty()) continue;
    if (now < peer.shown_ms + kShowMs) {
      mark<"news for a peer wait for more">();
      next_show_ms_ = std::min(next_show_ms_, peer.shown_ms + kShowMs);
      continue;
    }
    mark<"a peer is shown at once what has come">();
    peer.told_early.insert(peer.told_early.end(), news.begin(), news.end());
    peer.shown_ms = now;
    show(peer);
  }
}

}  // namespace anabranch::regions
