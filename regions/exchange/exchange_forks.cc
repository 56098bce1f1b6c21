// Part of Exchange: forks. Compares the histories that peers show, and tells peers where they
// differ.
#include <algorithm>
#include <iterator>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/exchange/exchange.h"

namespace anabranch::regions {

using core::mark;
using core::Origin;
using core::planted;
using core::VersionVector;

void Exchange::on(Peer& peer, const History& history) {
  if (joining_) return;  // The own history is about to be given up.
  if (forks_.heard(peer, history)) {
    tell_history(peer, history.origin);
  } else {
    answer(peer, history);
  }
  subscriptions_.renew();
}

// Answers a message that asked: its content is known here. One that was compared in part is not
// answered: the peer asks again.
void Exchange::answer(const Peer& peer, const History& history) {
  if (!history.asks || peer.reading.ran_out()) return;
  History own = forks_.history(peer, history.origin, history.wanted);
  own.heard = stamp_of(history);
  links_.send(peer, std::move(own));
}

// A message may be lost, and forks are known to be the same only when both sides have said so.
void Exchange::repeat_histories() {
  if (planted(core::Bug::kTellForksOnce)) return;
  for (const auto& [origin, peer] : links_.peers()) {
    for (const Origin forked : forks_.with(peer)) {
      if (forks_.agreed(peer, forked)) continue;
      mark<"where histories part is said again">();
      links_.send(peer, forks_.history(peer, forked));
    }
  }
}

void Exchange::ask_for_positions() {
  for (const Forks::Question& each : forks_.questions()) {
    const auto peer = links_.peers().find(each.peer);
    if (peer == links_.peers().end()) continue;
    mark<"a position that cannot be compared is asked for">();
    History question = forks_.history(peer->second, each.origin);
    question.asks = true;
    question.wanted = each.seq;
    links_.send(peer->second, std::move(question));
  }
}

void Exchange::compare(Peer& peer, const VersionVector& applied,
                       const std::vector<core::ChainHash>& chains) {
  if (joining_) return;  // The own history is about to be given up.
  compare_own(peer, applied, chains);
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const auto& [origin, seq] = *(applied.begin() + static_cast<std::ptrdiff_t>(i));
    if (forks_.shown(peer, origin, {seq, chains[i]})) tell_history(peer, origin);
  }
}

void Exchange::tell_history(Peer& peer, Origin origin) {
  peer.out.cancel();
  peer.in.stale = true;
  links_.send(peer, forks_.history(peer, origin));
}

// A peer that names many origins is told of some: it says each one again until it has heard of it
// (repeat_histories), and subscribes anew once it has.
bool Exchange::agree_on_forks(const Peer& peer, const std::vector<Origin>& forked) {
  constexpr std::size_t kToldMax = 64;
  const std::vector<Origin> known = forks_.with(peer);  // Both are sorted.
  if (known == forked) return true;
  std::vector<Origin> differ;
  std::ranges::set_difference(known, forked, std::back_inserter(differ));
  const bool aware = differ.empty();
  std::ranges::set_difference(forked, known, std::back_inserter(differ));
  if (differ.size() > kToldMax) {
    mark<"a peer names more forks than it is told of at once">();
    differ.resize(kToldMax);
  }
  for (const Origin origin : differ) links_.send(peer, forks_.history(peer, origin));
  return aware;
}

bool Exchange::may_apply(Origin peer, const core::Batch& batch, const VersionVector& deps) {
  const auto branch = forks_.branch_of(batch);
  const auto found = links_.peers().find(peer);
  // No peer is left that could tell which history it had.
  if (found == links_.peers().end()) return peer == 0;
  if (found->second.endless) return false;
  if (const auto other = forks_.other_history(found->second, batch)) {
    if (other->origin == self().origin) {
      origin_conflict_ = "region " + found->second.region + " has other writes of its origin";
    }
    if (other->is_news) tell_history(found->second, other->origin);
    found->second.in.stale = true;
    return false;
  }
  if (!branch && !forks_.in_doubt(batch)) return true;
  if (branch && forks_.rewritten(found->second, batch, *branch)) {
    tell_history(found->second, *branch);
  }
  if (forks_.may_apply(found->second, batch, deps)) return true;
  found->second.in.stale = true;
  return false;
}

std::optional<Origin> Exchange::fork_with(Origin peer) const {
  const auto found = links_.peers().find(peer);
  if (found == links_.peers().end()) return std::nullopt;
  const std::vector<Origin> forked = forks_.with(found->second);
  return forked.empty() ? std::nullopt : std::optional(forked.front());
}

void Exchange::forked(Origin peer, Origin origin, core::Seq differs) {
  const auto found = links_.peers().find(peer);
  if (found == links_.peers().end()) return;
  if (forks_.found(found->second, origin, differs)) tell_history(found->second, origin);
  subscriptions_.renew();
}

void Exchange::compare_own(LinkId link, core::Seq seq) {
  if (seq > applied_.vector().at(self().origin)) {
    origin_conflict_ =
        "region " + links_.region(link) + " has writes of its origin that it lacks itself";
  }
}

void Exchange::compare_own(const Peer& peer, const VersionVector& applied,
                           const std::vector<core::ChainHash>& chains) {
  const auto entry =
      std::ranges::lower_bound(applied, self().origin, {}, &VersionVector::Entry::origin);
  if (entry == applied.end() || entry->origin != self().origin) return;
  if (entry->seq > applied_.vector().at(self().origin)) {
    origin_conflict_ = "region " + peer.region + " has writes of its origin that it lacks itself";
    return;
  }
  if (chains.empty()) return;
  const core::ChainHash& hash = chains[static_cast<std::size_t>(entry - applied.begin())];
  if (chains_.compare(self().origin, {entry->seq, hash}) == Match::kDifferent) {
    origin_conflict_ = "region " + peer.region + " has other writes of its origin";
  }
}

}  // namespace anabranch::regions
