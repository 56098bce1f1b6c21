// The settled origins: no op of them will ever arrive anywhere any more, and every region has them
// on its disk up to the same position.
//
// An origin has ended when the list of regions names its successor, or retires its region. Each
// region then closes it: once the row that ended it is on its disk, the region subscribes anew,
// refuses batches of older subscriptions, and takes only batches that are on the sender's disk.
// When it holds no batch beyond its own position, it reports that position in its report. The
// origin is settled when every leader of every region that was ever known, those declared lost left
// out, has closed it at the same position, by the same list of regions, and the incarnations before
// it are settled. It stays settled whatever later reports say. A leader is a data directory here,
// under any origin, and one that follows now still counts; a follower that never led does not
// (tests/model/settling.py).
//
// Weaker rules are wrong:
//
//   by applied vectors     a region may show an op and lose it with its power, others settle on it
//   by direct peers        a region behind them may have more
//   without retired ones   they may come back, with more
//   by regions             of two leaders of one the other may have more, or lead under the origin
//   while batches wait     they may yet be applied
//   by different lists     a region that fell back to a backup closes at less, and one that took
//                          more of its former self has closed at less before: equal, and wrong
//
// Settled origins are left out of the vectors that leaders show each other all the time. A leader
// that names the hash of its settled origins, with positions and chains, may leave them out where
// the other side has named the same, and that side puts its own back.
//
// Two leaders that go on side by side as one region break it: an origin ends with the one and is
// written on by the other. Then it is settled no more, until all have closed it again. Not
// thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/version_vector.h"
#include "regions/members/region_list.h"
#include "regions/members/region_reports.h"
#include "regions/state/applied.h"
#include "regions/state/commit.h"

namespace anabranch::regions {

class SettledOrigins final : public Participant {
 public:
  // `applied` must outlive this.
  explicit SettledOrigins(const Applied& applied) : applied_(applied) {}
  // Reads the settled origins; `applied` must have been loaded.
  core::Result<void> load(const storage::Snapshot& snapshot);

  [[nodiscard]] const core::VersionVector& all() const { return all_; }
  [[nodiscard]] bool contains(core::Origin origin) const { return all_.at(origin) != 0; }
  // Over origins, positions and chains; nullopt when no origin is settled.
  [[nodiscard]] const std::optional<core::Hash128>& hash() const { return hash_; }

  // Adds the origins that the reports of all regions, the own one included, settle; removes those
  // that have no longer ended: origins of a region that is waited for again.
  void look(const RegionList& list, const RegionReports& reports);
  // Removes an origin that goes on all the same; returns whether it was settled.
  bool forget(core::Origin origin);

  // Returns the regions for which an origin that this leader, or another one of its region, has
  // left waits to be settled, itself or one before it: they have not closed it where this leader
  // is, as far as their reports tell. None when it is settled, also where nobody has any op of it.
  [[nodiscard]] std::set<std::string> waits_for(core::Origin origin, const RegionList& list,
                                                const RegionReports& reports) const;

  // A vector without the settled origins, and the chains at the rest of the applied vector.
  [[nodiscard]] core::VersionVector without(const core::VersionVector& vector) const;
  [[nodiscard]] std::vector<core::ChainHash> chains_without() const;
  // The reverse, for a peer with the same settled origins.
  void put_back(core::VersionVector& applied, std::vector<core::ChainHash>& chains) const;

  // The whole durable vector of a region, as far as this leader can know it.
  [[nodiscard]] core::VersionVector durable(const RegionList& list,
                                            const RegionReport& report) const;

  // The closed positions of a region, likewise.
  [[nodiscard]] core::VersionVector closed(const RegionList& list,
                                           const RegionReport& report) const;

  // The rows of meta that have changed since the last call.
  [[nodiscard]] storage::Changes take_changes();
  void record(Commit& commit) override { commit.changes.add(take_changes()); }

 private:
  void drop_what_goes_on(const RegionList& list);
  // The positions of the origins that a report leaves out; empty when they differ from those
  // here.
  [[nodiscard]] core::VersionVector left_out(const RegionList& list,
                                             const RegionReport& report) const;
  [[nodiscard]] std::optional<core::Hash128> hash_of(const core::VersionVector& origins) const;
  void changed();

  const Applied& applied_;
  core::VersionVector all_;
  std::optional<core::Hash128> hash_;
  bool changed_ = false;
};

}  // namespace anabranch::regions
