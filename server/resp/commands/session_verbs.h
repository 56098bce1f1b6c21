// Verbs of ANABRANCH that are about sessions.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// ANABRANCH TOKEN: what this connection has seen and written.
void take_token(Call& call);
// ANABRANCH SESSION token [milliseconds] [FORGET]: goes on with what a token names.
void enter_session(Call& call);
// ANABRANCH WAIT milliseconds ...: who has what this connection has seen.
void wait_for_regions(Call& call);

}  // namespace anabranch::server
