// MEMORY: what keys take.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> memory_verbs();

}  // namespace anabranch::server
