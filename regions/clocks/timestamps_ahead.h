// Regions whose newest timestamps are ahead of time: their clocks were ahead once, and timestamps
// never go back. Until time has caught up, their writes win against concurrent writes of other
// regions, under `lww`; a write that has seen theirs replaces them all the same.
#pragma once

#include <map>
#include <string>

#include "core/wall_clock.h"
#include "regions/members/region_list.h"
#include "regions/state/applied.h"

namespace anabranch::regions {

// Returns a sentence for each such region, by its name. Incarnations that have ended do not count.
// A timestamp that is ahead of `wall` by twice the drift must stem from a wrong clock: a right
// clock follows another one by the drift at most, and may differ from this one as much.
std::map<std::string, std::string> timestamps_ahead(const Applied& applied,
                                                    const RegionList& regions, core::Millis wall,
                                                    core::Millis drift_ms_max);

}  // namespace anabranch::regions
