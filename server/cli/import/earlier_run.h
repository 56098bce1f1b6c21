// An earlier run of the same import that was stopped in the middle: the leader may still have
// commands of it in its input, and executes them after those of this run, a removal of a half
// written key among them. Each run names its connection, and waits until no connection of that name
// is left that is older.
#pragma once

#include <string>

#include "core/result.h"
#include "server/cli/client.h"

namespace anabranch::server::cli {

// Names the connection of a run, and waits for the connections of earlier runs to end, at most a
// minute; then fails with kInvalid and the address of one. Says on stderr that it waits. Where the
// user may not list connections it does not wait, and says that if there was an earlier run.
core::Result<void> wait_for_earlier_runs(Client& client, const std::string& name, bool goes_on);

}  // namespace anabranch::server::cli
