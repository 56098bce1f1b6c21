// Verbs of ANABRANCH CONCERN: how many members must have a write before its answer is sent.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

// The rows of the verbs, with HELP.
std::span<const Command> concern_verbs();

}  // namespace anabranch::server
