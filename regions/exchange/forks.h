// Forks: origins that have two histories, because two leaders have written under one origin. What
// has forked stays where it is on each side until somebody gives way; nothing else stands still but
// what depends on it.
//
// Whoever sees a position of a peer where its own history is another one tells the peer so
// (History), with positions of its own, again and again until that has shown to have heard it: then
// both know where the histories part as well as their logs tell. From then on neither follows the
// origin through the other, nor applies a batch of it or one that depends on more of it than both
// have in common: a peer's batches depend on the history that the peer has.
//
// All of it is in memory: it is found again whenever two leaders meet. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "regions/exchange/peer.h"
#include "regions/state/chain_hashes.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

// Where the history of an origin here parts from that of one peer: not before `common`, and not
// after `differs`, which is a position in one of them at least.
struct Fork {
  core::Seq common = 0;
  core::Seq differs = 0;
  std::string region = {};  // The peer's.
  // The stamp of what the peer has said last of this, and of what it had heard then.
  std::optional<core::Hash128> said = {};
  std::optional<core::Hash128> heard = {};
  bool operator==(const Fork&) const = default;
};

class Forks {
 public:
  static constexpr std::size_t kAlarmsMax = 1000;  // Whoever provokes so many has been named.

  using Peers = std::map<core::Origin, Peer>;
  using ByPeer = std::map<core::Origin, Fork>;

  // All must outlive this. Alarms are appended to `effects`.
  Forks(const Applied& applied, const ChainHashes& chains, Effects& effects)
      : applied_(applied), chains_(chains), effects_(effects) {}

  // ---- What is learnt. Each returns whether it changed what is known, so that the peer should be
  // told and asked anew.

  // A peer shows where its log of an origin ends.
  bool shown(const Peer& peer, core::Origin origin, const ChainLink& link);
  // A peer's history of an origin is another one at or before `differs`.
  bool found(const Peer& peer, core::Origin origin, core::Seq differs);
  bool heard(const Peer& peer, const History& history);
  // What a peer is to be told of an origin.
  [[nodiscard]] History history(const Peer& peer, core::Origin origin) const;
  // Whether a peer has heard what it is to be told of a fork. Then both know as much of it as both
  // logs tell, for what it has said since is known here.
  [[nodiscard]] bool agreed(const Peer& peer, core::Origin origin) const;

  // This leader has given way in an origin whose histories part behind `common`. It has no log of
  // the history that it has now, so that it cannot tell which one a peer has that is less far: what
  // depends on the origin is not taken from it until it is as far and shows the same. A peer that
  // is further can tell, and does.
  void part(core::Origin origin, core::Seq common) { parted_[origin] = common; }
  // A batch writes as new what is here of `branch`, the first of a branch here, as somebody does
  // who gave way. Returns whether a fork has become known thereby.
  bool rewritten(const Peer& peer, const core::Batch& batch, core::Origin branch);
  // The origin of which a batch begins the image of a branch that is here; nothing for most.
  [[nodiscard]] std::optional<core::Origin> branch_of(const core::Batch& batch) const;

  // Forgets everything but what was said, and where this leader gave way.
  void clear();
  // Forgets what is known of a peer.
  void forget(core::Origin peer);
  // Forgets all peers but these.
  void retain(const Peers& peers);

  // ---- What follows.

  [[nodiscard]] bool any() const { return !forks_.empty(); }
  // Whether may_apply has anything to look at.
  [[nodiscard]] bool in_doubt() const {
    return any() || !fallen_.empty() || !beyond_.empty() || !parted_.empty() || !waiting_.empty();
  }
  // {origin: {peer: fork}}
  [[nodiscard]] const std::map<core::Origin, ByPeer>& all() const { return forks_; }
  // The origins of which a peer has another history, sorted.
  [[nodiscard]] std::vector<core::Origin> with(const Peer& peer) const;
  // Whether an origin may be followed through a peer.
  [[nodiscard]] bool may_follow(const Peer& peer, core::Origin origin) const;
  // Whether a peer's batch may be applied: it is of the history that is here too, and so is all in
  // `deps`. When not, its origin may no longer be followed through this peer.
  bool may_apply(const Peer& peer, const core::Batch& batch, const core::VersionVector& deps);
  // The origins whose batches wait because they depend on another history of `origin`, sorted.
  [[nodiscard]] std::vector<core::Origin> waiting_for(core::Origin origin) const;

 private:
  using Pair = std::pair<core::Origin, core::Origin>;  // A peer's origin, and the origin meant.

  // Whether a peer fell back in an origin that it wrote itself, to where nothing is known of the
  // history here any more: it may have written on there.
  [[nodiscard]] bool fell_back(const Peer& peer, core::Origin origin) const {
    return origin != peer.origin && applied_.head(origin).region == peer.region;
  }
  // Compares what a peer had shown beyond this replica, as far as this has come since.
  void catch_up(const Peer& peer);
  [[nodiscard]] const Fork* find(const Peer& peer, core::Origin origin) const;
  // Takes in what a peer says of positions; returns as heard() does.
  bool compare(const Peer& peer, const History& history);
  // Raises an alarm when the fork is new. Returns whether anything changed.
  bool note(const Peer& peer, core::Origin origin, core::Seq common, core::Seq differs);
  bool forget(const Peer& peer, core::Origin origin);
  void forget_peers(const std::function<bool(core::Origin peer)>& gone);
  // Batches that waited are judged again.
  void release(const Peer& peer, core::Origin origin);

  const Applied& applied_;
  const ChainHashes& chains_;
  Effects& effects_;
  std::map<core::Origin, ByPeer> forks_;
  std::set<std::pair<std::string, core::Origin>> said_;  // Alarms, by region and origin.
  std::map<Pair, core::Origin> waiting_;  // {whose batches wait: because of which fork}
  std::map<Pair, ChainLink> seen_;        // What was shown last and found equal...
  std::map<Pair, ChainLink> beyond_;      // ...and what is further than this replica was.
  std::set<Pair> compared_;               // What was shown last is equal, or further.
  std::map<core::Origin, core::Seq> parted_;
  std::set<Pair> fallen_;  // Nothing tells whether what a peer shows of its former self is equal.
};

}  // namespace anabranch::regions
