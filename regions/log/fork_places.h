// The places where the histories of other leaders part from the one here, kept over restarts. What
// a leader shows of a forked origin is of its own history behind the place: it lacks the batches
// that the log here has from there on. That log is kept for it, within the limits of
// log_segments.h, because only the log tells where exactly the histories part, and only a side that
// still has its own part can write it again and give way. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/exchange/forks.h"
#include "storage/storage.h"

namespace anabranch::regions {

class ForkPlaces {
 public:
  // Reads the rows of meta.
  core::Result<void> load(const storage::Snapshot& snapshot);

  // Takes over all forks that are known now. Forgets a place when the leader has shown the same
  // history since, or when `counts` is false for the leader.
  void look(const Forks& forks, const std::function<bool(core::Origin leader)>& counts);
  // Returns `shown`, the vector of a leader, up to the places where its histories part.
  [[nodiscard]] core::VersionVector shared(core::Origin leader,
                                           const core::VersionVector& shown) const;

  [[nodiscard]] bool has_changes() const { return !changed_.empty(); }
  // Returns the rows of meta that have changed since the last call.
  [[nodiscard]] storage::Changes take_changes();

 private:
  using Place = std::pair<core::Origin, core::Origin>;  // {the leader, the forked origin}

  std::map<Place, core::Seq> common_;  // The end of the common history.
  std::set<Place> changed_;
};

}  // namespace anabranch::regions
