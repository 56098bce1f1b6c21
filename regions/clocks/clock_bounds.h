// The time that has certainly passed in the regions: {origin: timestamp}, all ops of the origin
// with a smaller timestamp, past or future, have been applied here. The least of them over all
// regions is a stable time, as in GentleRain (Du et al., "GentleRain: Cheap and Scalable Causal
// Consistency with Physical Clocks", 2014).
//
// Each leader shows in its heartbeats its own clock, as far as that will not go back even after a
// power loss, and the timestamps of others that it is certain of, together with its applied vector.
// Once all of that vector is applied here, the timestamps hold here too: so they also spread to
// regions that are not direct peers. Until then the oldest report of a peer that is not covered
// yet waits, since newer ones may never be covered under constant writes, and the newest one to
// follow it.
//
// A vector that a region has shown proves the ops that it has applied, a clock the ops that it has
// written. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/version_vector.h"

namespace anabranch::regions {

class ClockBounds {
 public:
  // So many peers wait; of more the one with the least origin is dropped, and reports anew.
  static constexpr std::size_t kWaitingMax = 1'024;

  // The vectors that a leader has shown at one moment.
  struct Shown {
    core::VersionVector applied;
    core::VersionVector clocks;  // {origin: bits of a timestamp}
  };

  // Takes in a report of a peer; `applied` is the vector applied here.
  void hear(core::Origin peer, Shown report, const core::VersionVector& applied);
  // Looks again at the waiting reports after more has been applied here.
  void look(const core::VersionVector& applied);
  // {origin: bits of a timestamp}
  [[nodiscard]] const core::VersionVector& all() const { return all_; }

 private:
  struct Waiting {
    Shown oldest;
    std::optional<Shown> newest;
  };

  core::VersionVector all_;
  std::map<core::Origin, Waiting> waiting_;
};

}  // namespace anabranch::regions
