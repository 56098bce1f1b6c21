// COMMAND: the table of commands, for clients.
#pragma once

#include <span>

#include "server/resp/command.h"

namespace anabranch::server {

// COMMAND without a verb: the rows of all commands.
void describe_commands(Call& call);
std::span<const Command> command_verbs();

}  // namespace anabranch::server
