// Which origins are settled: nothing of them will ever arrive anywhere any more, and every region
// has them on its disk up to the same position.
//
// An origin has ended when the list of regions names its successor, or retires its region. Each
// region then closes it: once what says so is on its disk, it subscribes anew, takes what still
// comes of older subscriptions no more, and takes only what is on the disk of who sends it. When it
// holds nothing beyond, it says in its standing how far it has it. The origin is settled when every
// leader of every region that was ever known, those declared lost left out, has closed it at the
// same position, by the same list of regions, and the incarnations before it are settled. It stays
// settled whatever is said later. A leader is a data directory here, whatever it goes by, and one
// that follows now still counts; a follower that never led does not (tests/model/settling.py).
//
// Weaker rules are wrong:
//
//   by what was applied    what a region shows and then loses with its power, others settle on
//   by direct peers        a region behind them may have more
//   without retired ones   they may come back, with more
//   by regions             of two leaders of one the other may have more, or lead under the origin
//   while batches wait     they may yet be applied
//   by different lists     a region that fell back to a backup closes at less, and one that took
//                          more of its former self has closed at less before: equal, and wrong
//
// Settled origins leave what leaders show each other all the time. A leader that names the hash of
// its settled origins, with positions and chains, may leave them out where the other side has named
// the same, and that puts its own back.
//
// Two leaders that go on side by side as one region break it: an origin ends with the one and is
// written on by the other. Then it is settled no more, until all have closed it again. Not
// thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "core/hash.h"
#include "core/version_vector.h"
#include "regions/members/region_list.h"
#include "regions/members/standings.h"
#include "regions/state/applied.h"

namespace anabranch::regions {

class SettledOrigins {
 public:
  // `applied` must outlive this.
  explicit SettledOrigins(const Applied& applied) : applied_(applied) {}
  // Reads what was settled; what was applied must have been loaded.
  core::Result<void> load(const storage::Snapshot& snapshot);

  [[nodiscard]] const core::VersionVector& all() const { return all_; }
  [[nodiscard]] bool contains(core::Origin origin) const { return all_.at(origin) != 0; }
  // Over origins, positions and chains; nothing when no origin is settled.
  [[nodiscard]] const std::optional<core::Hash128>& hash() const { return hash_; }

  // Adds what the standings of all regions, the own one included, settle; leaves what has not ended
  // any more: an origin of a region that is waited for again.
  void look(const RegionList& list, const Standings& standings);
  // An origin goes on all the same; returns whether it was settled.
  bool forget(core::Origin origin);

  // A vector without what is settled, and the chains at what is left of the applied vector.
  [[nodiscard]] core::VersionVector without(const core::VersionVector& vector) const;
  [[nodiscard]] std::vector<core::ChainHash> chains_without() const;
  // The other way round, for somebody who has the same settled.
  void put_back(core::VersionVector& applied, std::vector<core::ChainHash>& chains) const;

  // All that a region has on its disk, as far as it can be told from here.
  [[nodiscard]] core::VersionVector durable(const RegionList& list, const Standing& standing) const;

  // What a region has closed, likewise.
  [[nodiscard]] core::VersionVector closed(const RegionList& list, const Standing& standing) const;

  // The rows of meta that have changed since the last call.
  [[nodiscard]] std::vector<storage::Change> take_changes();

 private:
  void drop_what_goes_on(const RegionList& list);
  // The positions of what a standing leaves out; empty when they are not those that are here.
  [[nodiscard]] core::VersionVector left_out(const RegionList& list,
                                             const Standing& standing) const;
  [[nodiscard]] std::optional<core::Hash128> hash_of(const core::VersionVector& origins) const;
  void changed();

  const Applied& applied_;
  core::VersionVector all_;
  std::optional<core::Hash128> hash_;
  bool changed_ = false;
};

}  // namespace anabranch::regions
