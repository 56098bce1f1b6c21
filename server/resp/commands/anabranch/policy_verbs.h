// The verbs of ANABRANCH POLICY.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> policy_verbs();

}  // namespace anabranch::server
