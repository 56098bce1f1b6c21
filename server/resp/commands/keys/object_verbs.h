// OBJECT: how a value is held, in the words of Redis.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> object_verbs();

}  // namespace anabranch::server
