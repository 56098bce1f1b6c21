// Finds the events between two states of a leader. Pure.
#pragma once

#include <anabranch/event.h>
#include <anabranch/status.h>

#include <vector>

namespace anabranch::leader {

// Returns the events that have led from one status to the next, in a fixed order: peers,
// snapshots, then this leader. Conflicts are not among them.
std::vector<Event> events_between(const StoreStatus& before, const StoreStatus& after);

}  // namespace anabranch::leader
