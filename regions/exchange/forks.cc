#include "regions/exchange/forks.h"

#include <algorithm>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/state/origin_rewrites.h"

namespace anabranch::regions {

using core::Origin;
using core::Seq;
using core::VersionVector;

bool Forks::shown(const Peer& peer, Origin origin, const ChainLink& link) {
  const Pair pair(peer.origin, origin);
  const bool known = find(peer, origin) != nullptr;
  if (const auto seen = seen_.find(pair); !known && seen != seen_.end() && seen->second == link) {
    return false;
  }
  peer.reading.begin();
  const Match match = chains_.compare(origin, link, &peer.reading);
  if (peer.reading.ran_out()) return false;  // The peer shows its end again in a second.
  if (match == Match::kUnknown && fell_back(peer, origin)) {
    fallen_.insert(pair);
  } else if (fallen_.erase(pair) > 0) {
    release(peer, origin);
  }
  if (match == Match::kUnknown && behind_parting(chains_.parted(), origin, link.seq)) {
    wanted_.want(origin, link.seq);
  }
  if (match == Match::kUnknown || match == Match::kBeyond) {
    unclear_.insert(pair);
  } else if (unclear_.erase(pair) > 0) {
    release(peer, origin);
  }
  if (match == Match::kUnknown || match == Match::kDifferent) {
    compared_.erase(pair);
    seen_.erase(pair);  // An old message may have come late: the next one is compared again.
  } else if (compared_.insert(pair).second) {
    release(peer, origin);
  }
  switch (match) {
    case Match::kEqual:
      seen_[pair] = link;
      // An old message that came late tells nothing of a position that the peer showed beyond it.
      if (const auto ahead = beyond_.find(pair);
          ahead != beyond_.end() && ahead->second.seq <= link.seq) {
        beyond_.erase(ahead);
      }
      return forget(peer, origin);  // The peer's whole history is here too.
    case Match::kDifferent:
      return note(peer, origin, 0, link.seq);
    case Match::kBeyond:
      beyond_[pair] = link;
      break;
    case Match::kUnknown:
      break;
  }
  return false;
}

bool Forks::fell_back(const Peer& peer, Origin origin) const {
  if (origin == peer.origin || applied_.head(origin).region != peer.region) return false;
  const bool listed = regions_.knows(peer.region, peer.origin);
  return !listed || regions_.line(origin) == regions_.line(peer.origin) ||
         core::planted(core::Bug::kSuspectOtherLeaders);
}

void Forks::catch_up(const Peer& peer) {
  auto at = beyond_.lower_bound({peer.origin, 0});
  while (at != beyond_.end() && at->first.first == peer.origin) {
    const auto [pair, link] = *at;
    const bool reached = link.seq <= applied_.head(pair.second).seq;
    at = reached ? beyond_.erase(at) : std::next(at);
    if (reached) shown(peer, pair.second, link);
  }
}

bool Forks::found(const Peer& peer, Origin origin, Seq differs) {
  return note(peer, origin, 0, differs);
}

std::optional<Forks::Difference> Forks::other_history(const Peer& peer, const core::Batch& batch) {
  if (core::planted(core::Bug::kIgnoreDepsHashes)) return std::nullopt;
  std::size_t i = 0;
  for (const std::uint64_t hash : batch.deps_hashes) {
    const auto& [origin, seq] = *(batch.deps_changed.begin() + static_cast<std::ptrdiff_t>(i++));
    if (!chains_.differs(origin, seq, hash)) continue;
    core::mark<"a batch depends on another history">();
    // The peer may have given way since it sent the batch, or it could not compare the position
    // when it applied the batch: then it has shown that its own history is the one here.
    const auto same = seen_.find({peer.origin, origin});
    const bool is_same = same != seen_.end() && same->second.seq >= seq;
    const bool is_news = !is_same && note(peer, origin, 0, seq);
    waiting_[{peer.origin, batch.origin}] = origin;
    return Difference{origin, is_news};
  }
  return std::nullopt;
}

bool Forks::heard(const Peer& peer, const History& history) {
  peer.reading.begin();
  learn(peer, history);
  const bool changed = compare(peer, history);
  // The peer is not told that it was heard: it says the same again, and then more is compared.
  if (peer.reading.ran_out()) {
    core::mark<"a peer's history is compared in part">();
    return changed;
  }
  const auto by_peer = forks_.find(history.origin);
  if (by_peer == forks_.end()) return changed;
  const auto fork = by_peer->second.find(peer.origin);
  if (fork == by_peer->second.end()) return changed;
  fork->second.said = stamp_of(history);
  fork->second.heard = history.heard;
  return changed;
}

void Forks::learn(const Peer& peer, const History& history) {
  const Origin origin = history.origin;
  const Seq wanted = history.wanted;
  if (behind_parting(chains_.parted(), origin, wanted) &&
      !chains_.at(origin, wanted, &peer.reading)) {
    wanted_.want(origin, wanted);
  }
  const auto same = seen_.find({peer.origin, origin});
  const Seq known = same == seen_.end() ? 0 : same->second.seq;
  const Seq last = core::planted(core::Bug::kLearnFromAll) ? UINT64_MAX : known;
  for (const ChainLink& link : history.links) {
    if (link.seq > last || !wanted_.contains(origin, link.seq)) continue;
    core::mark<"a peer tells a position that cannot be compared">();
    chains_.learn(origin, link);
  }
}

std::vector<Forks::Question> Forks::questions() {
  const auto known = [this](const WantedPositions::Position& position) {
    return chains_.at(position.first, position.second).has_value();
  };
  std::vector<Question> questions;
  for (const auto& [origin, seq] : wanted_.tick(known)) {
    for (const auto& [pair, link] : seen_) {
      if (pair.second == origin && link.seq >= seq) questions.push_back({pair.first, origin, seq});
    }
  }
  return questions;
}

bool Forks::compare(const Peer& peer, const History& history) {
  const Seq here = applied_.head(history.origin).seq;
  Seq common = 0;
  // The peer's message about an old position may be older than the position that it has shown to be
  // equal. If it were believed again each time, both would repeat it for ever.
  const auto seen = seen_.find({peer.origin, history.origin});
  const bool outdated = seen != seen_.end() && seen->second.seq >= history.differs;
  Seq differs = history.differs <= here && !outdated ? history.differs : 0;
  for (const ChainLink& link : history.links) {
    const Match match = chains_.compare(history.origin, link, &peer.reading);
    if (match == Match::kEqual) common = std::max(common, link.seq);
    if (match == Match::kDifferent && (differs == 0 || link.seq < differs)) differs = link.seq;
  }
  if (differs > common) return note(peer, history.origin, common, differs);
  // The whole history here is there too.
  return history.differs == 0 && common == here && forget(peer, history.origin);
}

History Forks::history(const Peer& peer, Origin origin, Seq wanted) const {
  const Fork* fork = find(peer, origin);
  const Seq told = fork != nullptr ? fork->differs : peer.applied.at(origin);
  const Seq from = wanted > 0 ? wanted : told;
  History history{origin, 0, chains_.trail(origin, from, &peer.reading)};
  if (fork != nullptr) {
    history.differs = fork->differs;
    history.heard = fork->said;
    history.asks = fork->heard != stamp_of(history);
  }
  return history;
}

bool Forks::agreed(const Peer& peer, Origin origin) const {
  return find(peer, origin) != nullptr && !history(peer, origin).asks;
}

bool Forks::note(const Peer& peer, Origin origin, Seq common, Seq differs) {
  const auto [entry, fresh] = forks_[origin].try_emplace(peer.origin);
  Fork& fork = entry->second;
  const Fork before = fork;
  if (fresh) fork = {.common = common, .differs = differs, .region = peer.region};
  fork.common = std::max(fork.common, common);
  fork.differs = std::min(fork.differs, differs);
  // The former common position is no longer there.
  if (fork.common >= fork.differs) fork.common = 0;
  if (fresh && said_.size() < kAlarmsMax && said_.emplace(peer.region, origin).second) {
    const std::string whose = applied_.head(origin).region;
    effects_.push_back(
        Alarm{"origin " + core::to_string(origin) + " of region " +
              (whose.empty() ? "unknown" : whose) + " has two histories: region " + peer.region +
              " has another one than this leader; neither takes what only the other has of it, nor "
              "what depends on that, until one gives way: see fork list"});
  }
  if (!fresh && fork == before) return false;
  release(peer, origin);
  return true;
}

bool Forks::forget(const Peer& peer, Origin origin) {
  const auto by_peer = forks_.find(origin);
  if (by_peer == forks_.end() || by_peer->second.erase(peer.origin) == 0) return false;
  if (by_peer->second.empty()) forks_.erase(by_peer);
  release(peer, origin);
  return true;
}

void Forks::release(const Peer& peer, Origin origin) {
  std::erase_if(waiting_, [&](const auto& each) {
    return each.first.first == peer.origin && each.second == origin;
  });
}

void Forks::forget(Origin peer) {
  forget_peers([&](Origin each) { return each == peer; });
}

void Forks::retain(const Peers& peers) {
  forget_peers([&](Origin each) { return !peers.contains(each); });
}

void Forks::forget_peers(const std::function<bool(Origin)>& gone) {
  for (auto& [origin, by_peer] : forks_) {
    std::erase_if(by_peer, [&](const auto& each) { return gone(each.first); });
  }
  std::erase_if(forks_, [](const auto& each) { return each.second.empty(); });
  const auto of_gone = [&](const auto& each) { return gone(each.first.first); };
  std::erase_if(waiting_, of_gone);
  std::erase_if(seen_, of_gone);
  std::erase_if(beyond_, of_gone);
  const auto of_gone_one = [&](const Pair& each) { return gone(each.first); };
  std::erase_if(compared_, of_gone_one);
  std::erase_if(fallen_, of_gone_one);
  std::erase_if(unclear_, of_gone_one);
}

void Forks::clear() {
  forks_.clear();
  waiting_.clear();
  seen_.clear();
  beyond_.clear();
  compared_.clear();
  fallen_.clear();
  unclear_.clear();
  wanted_.clear();
}

const Fork* Forks::find(const Peer& peer, Origin origin) const {
  const auto by_peer = forks_.find(origin);
  if (by_peer == forks_.end()) return nullptr;
  const auto fork = by_peer->second.find(peer.origin);
  return fork == by_peer->second.end() ? nullptr : &fork->second;
}

Seq Forks::shared(Origin peer, Origin origin, Seq seq) const {
  const Pair pair(peer, origin);
  if (const auto by_peer = forks_.find(origin); by_peer != forks_.end()) {
    const auto fork = by_peer->second.find(peer);
    if (fork != by_peer->second.end()) return std::min(seq, fork->second.common);
  }
  if (!beyond_.contains(pair)) return seq;
  const auto same = seen_.find(pair);
  return same == seen_.end() ? 0 : std::min(seq, same->second.seq);
}

VersionVector Forks::shared(Origin peer, const VersionVector& shown) const {
  VersionVector same;
  for (const auto& [origin, seq] : shown) same.raise(origin, shared(peer, origin, seq));
  return same;
}

std::vector<Origin> Forks::with(const Peer& peer) const {
  std::vector<Origin> origins;
  for (const auto& [origin, by_peer] : forks_) {
    if (by_peer.contains(peer.origin)) origins.push_back(origin);
  }
  return origins;
}

bool Forks::may_follow(const Peer& peer, Origin origin) const {
  if (forks_.empty() && waiting_.empty()) return true;  // As nearly always.
  return find(peer, origin) == nullptr && !waiting_.contains({peer.origin, origin});
}

bool Forks::may_apply(const Peer& peer, const core::Batch& batch, const VersionVector& deps) {
  catch_up(peer);
  if (!may_follow(peer, batch.origin)) return false;
  if (const auto former = perhaps_branch_of(peer, batch)) {
    core::mark<"a batch may write again what is here">();
    waiting_[{peer.origin, batch.origin}] = *former;
    return false;
  }
  for (const auto& [origin, common] : chains_.parted()) {
    const bool known = compared_.contains({peer.origin, origin});
    if (known || origin == batch.origin || deps.at(origin) <= common) continue;
    waiting_[{peer.origin, batch.origin}] = origin;
    return false;
  }
  for (auto at = fallen_.lower_bound({peer.origin, 0});
       at != fallen_.end() && at->first == peer.origin; ++at) {
    if (at->second == batch.origin || deps.at(at->second) == 0) continue;
    waiting_[{peer.origin, batch.origin}] = at->second;
    return false;
  }
  for (const Origin origin : with(peer)) {
    if (deps.at(origin) <= find(peer, origin)->common) continue;
    waiting_[{peer.origin, batch.origin}] = origin;
    return false;
  }
  return true;
}

std::optional<Origin> Forks::branch_of(const core::Batch& batch) const {
  if (!batch.opening || batch.first() != 1) return std::nullopt;
  const Origin former = batch.opening->previous;
  const auto first = chains_.first_behind(former, batch.deps_changed.at(former));
  const bool same =
      first && rewritten_origin(former, *first, batch.opening->region) == batch.origin;
  return same ? std::optional(former) : std::nullopt;
}

std::optional<Origin> Forks::perhaps_branch_of(const Peer& peer, const core::Batch& batch) const {
  if (core::planted(core::Bug::kApplyOwnBranch)) return std::nullopt;
  if (!batch.opening || batch.first() != 1) return std::nullopt;
  const Origin former = batch.opening->previous;
  const Seq common = batch.deps_changed.at(former);
  const bool doubtful = applied_.head(former).seq > common &&
                        !chains_.first_behind(former, common) &&
                        unclear_.contains({peer.origin, former});
  return doubtful ? std::optional(former) : std::nullopt;
}

bool Forks::rewritten(const Peer& peer, const core::Batch& batch, Origin branch) {
  waiting_[{peer.origin, batch.origin}] = branch;
  const Seq common = batch.deps_changed.at(branch);
  // The batch depends on a branch, and is none.
  if (peer.applied.at(branch) <= common) return false;
  return note(peer, branch, common, common + batch.last());
}

std::vector<Origin> Forks::waiting_for(Origin origin) const {
  std::vector<Origin> origins;
  for (const auto& [pair, because] : waiting_) {
    if (because == origin) origins.push_back(pair.second);
  }
  std::ranges::sort(origins);
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  return origins;
}

}  // namespace anabranch::regions
