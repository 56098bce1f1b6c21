// SENTINEL: who leads the own region, for clients that ask a Sentinel of Redis for it.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> sentinel_verbs();

}  // namespace anabranch::server
