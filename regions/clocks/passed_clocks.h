// What time it is in the regions, as far as it is certain here: {origin: timestamp}, everything
// that the origin wrote or will ever write with a smaller timestamp has been applied here. The
// least of them over all regions is a stable time, as in GentleRain (Du et al., "GentleRain: Cheap
// and Scalable Causal Consistency with Physical Clocks", 2014).
//
// Each leader shows in its heartbeats its own clock, as far as that will not go back even when its
// power fails, and what it is certain of about others, together with what it has applied. Once all
// of that is applied here, it holds here too: so it is known of regions behind others as well.
// Until then the oldest showing of a peer that is not covered yet waits, since newer ones may never
// be covered while everybody writes, and the newest one to follow it.
//
// A vector that a region has shown proves what it has applied, a clock what it has written. Not
// thread-safe.
#pragma once

#include <map>
#include <optional>

#include "core/version_vector.h"

namespace anabranch::regions {

class PassedClocks {
 public:
  // What a leader has shown at one moment.
  struct Showing {
    core::VersionVector applied;
    core::VersionVector clocks;  // {origin: bits of a timestamp}
  };

  // A peer has shown something; `applied` is what has been applied here.
  void hear(core::Origin peer, Showing showing, const core::VersionVector& applied);
  // More may have been applied here.
  void look(const core::VersionVector& applied);
  // {origin: bits of a timestamp}
  [[nodiscard]] const core::VersionVector& all() const { return all_; }

 private:
  struct Waiting {
    Showing oldest;
    std::optional<Showing> newest;
  };

  core::VersionVector all_;
  std::map<core::Origin, Waiting> waiting_;
};

}  // namespace anabranch::regions
