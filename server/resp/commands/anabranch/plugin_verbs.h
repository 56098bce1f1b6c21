// The verbs of ANABRANCH PLUGIN.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> plugin_verbs();

}  // namespace anabranch::server
