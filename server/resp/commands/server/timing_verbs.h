// SLOWLOG and LATENCY: what took long.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

std::span<const Command> slowlog_verbs();
std::span<const Command> latency_verbs();

}  // namespace anabranch::server
