// CONFIG: the parameters that clients and tools read, and the few that can be set while the server
// runs.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> config_verbs();

}  // namespace anabranch::server
