// Incarnations: a leader goes on under its origin only as long as nobody can have, or come to have,
// other writes under it. In doubt it begins a new one: that costs an entry in every version vector,
// while a dot that is used twice costs a fork.
//
// What its directory alone tells:
//
//   the machine, the directory or the data file is another one   copied or restored
//   a commit had failed                                          what the disk has is unknown
//   it was not closed, and the machine started anew since        its end may be lost
//
// A process that dies without closing (kill -9) goes on: what it had written the kernel has. What
// peers show of the own origin is the exchange's to notice, what an operator knows is told at
// opening. Nothing can be done about a machine that was rolled back as a whole, unless peers say.
#pragma once

#include <optional>
#include <string>

#include "regions/state/head.h"
#include "storage/place.h"

namespace anabranch::regions {

// Why the leader of a directory must not go on under its origin, as a sentence without an end;
// nothing when it may. `now` is where the directory was found.
std::optional<std::string> why_new_origin(const Identity& recorded, const storage::Place& now);

// Goes on as `fresh`. An origin that nothing was written under leaves no trace: the one before it
// stays the previous one.
void begin_incarnation(Identity& identity, core::Origin fresh, bool wrote, std::string why);

}  // namespace anabranch::regions
