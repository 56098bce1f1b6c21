// The verbs of ANABRANCH CONFLICTS.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> conflict_verbs();

}  // namespace anabranch::server
