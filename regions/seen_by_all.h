// What every region is known to have seen: the rule by which something is forgotten that still
// decides about writes whose authors have not seen it. tests/model/model.py has it in short.
//
// A vector that a region has shown proves what it has applied, not what it has written. So it says
// that the region has seen all of it only once this replica has applied all of it, too: then what
// the region wrote before it had seen that is here, and what it writes later has seen it. Only what
// is on its disk counts, since a region that loses power falls back to that. Every region counts
// that is in the list or has written anything, also retired ones, which may come back; those
// declared lost, and incarnations that have ended, until they are settled.
//
// What begins without having seen it cannot be known: a region that joins, one that falls back to a
// backup, a follower that is promoted while it lags behind. To them it is as if they had written
// before it.
#pragma once

#include "core/version_vector.h"

namespace anabranch::regions {

class Replica;

// Every op that this replica has not applied was or will be written by somebody who has seen all
// that this covers. It only grows, but for regions that come to be known.
[[nodiscard]] core::VersionVector seen_by_all(const Replica& replica);

}  // namespace anabranch::regions
