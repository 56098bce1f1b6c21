// Incarnations: a leader goes on under its origin only as long as no other leader can have, or get,
// other writes under it. In doubt it begins a new one: that costs an entry in every version vector,
// while a dot that is used twice costs a fork.
//
// Evidence in the directory itself:
//
//   the machine, the directory or the data file is another one   copied or restored
//   commits are missing from its write-ahead log                damaged, cut off, or removed
//   a commit had failed                                          the content of the disk is unknown
//   it was not closed, and the machine started anew since        its end may be lost
//   it was not closed, and its commits did not wait for the disk  its end may be lost
//
// The last two count for a directory that led alone: one at rest (Identity::at_rest) has written
// nothing since that its end could lack.
//
// Where commits wait for the disk, a process that dies without closing (kill -9) goes on: all that
// it sent is there. Where they do not, the kernel mostly has its writes, but a disk that fails, or
// is taken away, drops them, and nothing in the directory tells. The exchange
// detects evidence that peers show, an operator passes a decision at opening. A machine that was
// rolled back as a whole is detected only if peers show it.
#pragma once

#include <optional>
#include <string>

#include "regions/state/head.h"
#include "storage/place.h"

namespace anabranch::regions {

// Returns the reason why the leader of a directory must not go on under its origin, as a sentence
// without an end; nullopt when it may. `now` is where the directory was found.
std::optional<std::string> why_new_origin(const Identity& recorded, const storage::Place& now);

// Whether the directory was found at another place than it was: copied, moved or restored.
[[nodiscard]] bool is_elsewhere(const Identity& recorded, const storage::Place& now);

// Goes on as `fresh`. An origin that is not `used`, under which nothing was written and that is in
// no list of regions, leaves no trace: the one before it stays the previous one.
void begin_incarnation(Identity& identity, core::Origin fresh, bool used, std::string why);

}  // namespace anabranch::regions
