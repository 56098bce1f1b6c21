// ANABRANCH ONCE: a command as a request that counts once.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// ANABRANCH ONCE id command [argument ...]. Answers as the command does, or KNOWN if a request with
// this id was executed. A command that answers with an error was not executed.
void once(Call& call);

}  // namespace anabranch::server
