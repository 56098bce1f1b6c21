// Forks: origins that have two histories, because two leaders have written under one origin. A
// forked origin stands still on each side until one side gives way; no other origin does, except
// where its batches depend on the forked one.
//
// A leader that sees a position of a peer where its own history is another one tells the peer so
// (History), with positions of its own, again and again until the peer has shown to have heard it:
// then both know where the histories part, as precisely as their logs tell. From then on neither
// follows the origin through the other, nor applies a batch of it or one that depends on more of it
// than both have in common: a peer's batches depend on the history that the peer has.
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
#include "regions/exchange/wanted_positions.h"
#include "regions/members/region_list.h"
#include "regions/state/chain_hashes.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

// The place where the history of an origin here parts from that of one peer: not before `common`,
// and not after `differs`, a position in at least one of them.
struct Fork {
  core::Seq common = 0;
  core::Seq differs = 0;
  std::string region = {};  // The peer's.
  // The stamp of the peer's last History of this origin, and of the last one it had heard by then.
  std::optional<core::Hash128> said = {};
  std::optional<core::Hash128> heard = {};
  bool operator==(const Fork&) const = default;
};

class Forks {
 public:
  static constexpr std::size_t kAlarmsMax = 1000;  // The culprit of so many has been named.

  using Peers = std::map<core::Origin, Peer>;
  using ByPeer = std::map<core::Origin, Fork>;

  // All must outlive this. Alarms are appended to `effects`.
  Forks(const Applied& applied, ChainHashes& chains, const RegionList& regions, Effects& effects)
      : applied_(applied), chains_(chains), regions_(regions), effects_(effects) {}

  // ---- Input. Each function returns whether the known forks have changed, so that the peer should
  // be told and asked anew.

  // A peer shows the end of its log of an origin.
  bool shown(const Peer& peer, core::Origin origin, const ChainLink& link);
  // A peer's history of an origin is another one at or before `differs`.
  bool found(const Peer& peer, core::Origin origin, core::Seq differs);
  // One message of a peer is compared as far as its allowance of reading goes (Peer::reading).
  bool heard(const Peer& peer, const History& history);
  // The message that a peer must get about an origin; with the position that the peer wants, and
  // those before it, unless `wanted` is 0; fewer where the allowance of the peer has run out.
  [[nodiscard]] History history(const Peer& peer, core::Origin origin, core::Seq wanted = 0) const;
  // Returns whether a peer has heard the newest message about a fork. Then both know as much of it
  // as both logs tell, for the peer's later messages are known here.
  [[nodiscard]] bool agreed(const Peer& peer, core::Origin origin) const;

  struct Difference {
    core::Origin origin = 0;
    bool is_news = false;  // It is a fork with the peer that was not known so far.
    bool operator==(const Difference&) const = default;
  };
  // Returns an origin of which a batch of a peer depends on another history than the one here, so
  // that the batch must not be applied; nullopt when there is none.
  std::optional<Difference> other_history(const Peer& peer, const core::Batch& batch);
  // Notes that a batch writes the own part of `branch` again, as new, as a leader does that gave
  // way. `branch` is the first of a branch here. Returns whether that reveals a fork.
  bool rewritten(const Peer& peer, const core::Batch& batch, core::Origin branch);
  // The origin whose branch here a batch begins to write again; nullopt for most batches.
  [[nodiscard]] std::optional<core::Origin> branch_of(const core::Batch& batch) const;

  struct Question {
    core::Origin peer = 0;
    core::Origin origin = 0;
    core::Seq seq = 0;
  };
  // The questions that are due for positions that cannot be compared here, to each peer that has
  // shown the same history up to there. Called once a second.
  [[nodiscard]] std::vector<Question> questions();
  // Returns whether it may still become known whether a peer has the same history of an origin.
  [[nodiscard]] bool asking(core::Origin origin) const { return wanted_.asking(origin); }
  [[nodiscard]] std::size_t positions_wanted() const { return wanted_.size(); }

  // Forgets everything except the alarms raised, and the forks where this leader gave way.
  void clear();
  // Forgets a peer.
  void forget(core::Origin peer);
  // Forgets all peers but these.
  void retain(const Peers& peers);

  // ---- Output.

  // How many entries are kept of positions that peers have shown: up to three for each of them.
  [[nodiscard]] std::size_t entries() const {
    return waiting_.size() + seen_.size() + beyond_.size() + compared_.size() + unclear_.size() +
           fallen_.size();
  }
  [[nodiscard]] bool any() const { return !forks_.empty(); }
  // Returns whether may_apply has any check to make for a batch.
  [[nodiscard]] bool in_doubt(const core::Batch& batch) const {
    return any() || !fallen_.empty() || !beyond_.empty() || !chains_.parted().empty() ||
           !waiting_.empty() || batch.opening;
  }
  // {origin: {peer: fork}}
  [[nodiscard]] const std::map<core::Origin, ByPeer>& all() const { return forks_; }
  // The origins with another history at a peer, sorted.
  [[nodiscard]] std::vector<core::Origin> with(const Peer& peer) const;
  // Returns up to where a peer's history of an origin, which it shows up to `seq`, counts as the
  // one here: less than `seq` where a fork is known, or where the peer was ahead and has shown no
  // position since that could be compared.
  [[nodiscard]] core::Seq shared(core::Origin peer, core::Origin origin, core::Seq seq) const;
  // The same for all entries of a vector that a peer shows.
  [[nodiscard]] core::VersionVector shared(core::Origin peer,
                                           const core::VersionVector& shown) const;
  // Returns whether the last position that a peer showed of an origin was compared and is equal.
  [[nodiscard]] bool equal(core::Origin peer, core::Origin origin) const {
    return seen_.contains({peer, origin});
  }
  // Returns whether an origin may be followed through a peer.
  [[nodiscard]] bool may_follow(const Peer& peer, core::Origin origin) const;
  // Returns whether a peer's batch may be applied: it is of the same history as here, and so are
  // all its `deps`. If not, its origin may no longer be followed through this peer.
  //
  // Where this leader has given way it has no log of its present history, so that it cannot tell
  // which history a peer has that is less far: batches that depend on the origin are not taken from
  // the peer until it is as far and shows the same. A peer that is further can tell, and does.
  bool may_apply(const Peer& peer, const core::Batch& batch, const core::VersionVector& deps);
  // The origins whose batches wait because they depend on another history of `origin`, sorted.
  [[nodiscard]] std::vector<core::Origin> waiting_for(core::Origin origin) const;

 private:
  using Pair = std::pair<core::Origin, core::Origin>;  // {a peer's origin, the origin in question}

  // Returns whether a peer may have fallen back in a former origin of its own, to a position that
  // this leader cannot compare any more: the peer may have written on there. (Asked only for such
  // positions.) While the list of regions does not contain the peer, any origin of its region may
  // be a former one; then those of its line are, and not those of another leader of its region.
  [[nodiscard]] bool fell_back(const Peer& peer, core::Origin origin) const;
  // The origin of which this leader may have the part that a batch begins to write again: the log
  // here does not reach back to the place, and the peer shows a position of it that cannot be
  // compared. nullopt if there is no such doubt. A peer with the same history would not have
  // applied its own branch under another name, either.
  [[nodiscard]] std::optional<core::Origin> perhaps_branch_of(const Peer& peer,
                                                              const core::Batch& batch) const;
  // Compares positions that a peer had shown beyond this replica, as far as this one has come
  // since.
  void catch_up(const Peer& peer);
  [[nodiscard]] const Fork* find(const Peer& peer, core::Origin origin) const;
  // Takes the wanted positions of a peer's message if the peer has the same history up to there,
  // and the one that the peer wants, if this leader has given way there and cannot tell it.
  void learn(const Peer& peer, const History& history);
  // Compares the positions in a peer's message; returns as heard() does.
  bool compare(const Peer& peer, const History& history);
  // Raises an alarm when the fork is new. Returns whether anything changed.
  bool note(const Peer& peer, core::Origin origin, core::Seq common, core::Seq differs);
  bool forget(const Peer& peer, core::Origin origin);
  void forget_peers(const std::function<bool(core::Origin peer)>& gone);
  // Batches that waited are judged again.
  void release(const Peer& peer, core::Origin origin);

  const Applied& applied_;
  ChainHashes& chains_;
  const RegionList& regions_;
  Effects& effects_;
  std::map<core::Origin, ByPeer> forks_;
  std::set<std::pair<std::string, core::Origin>> said_;  // Alarms, by region and origin.
  std::map<Pair, core::Origin> waiting_;  // {peer and origin of waiting batches: forked origin}
  std::map<Pair, ChainLink> seen_;        // The last link shown and found equal...
  std::map<Pair, ChainLink> beyond_;      // ...and the newest, if it was beyond this replica.
  std::set<Pair> compared_;               // The last link shown is equal, or further.
  std::set<Pair> unclear_;                // The last link shown cannot be compared here.
  std::set<Pair> fallen_;                 // A peer's former origins that cannot be compared.
  WantedPositions wanted_;
};

}  // namespace anabranch::regions
