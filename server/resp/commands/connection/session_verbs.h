// Verbs of ANABRANCH for sessions.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// ANABRANCH TOKEN: replies with a token of everything this connection has seen and written.
void take_token(Call& call);
// ANABRANCH SESSION token [milliseconds] [FORGET]: continues the session of a token.
void enter_session(Call& call);
// ANABRANCH WAIT milliseconds ...: replies with the regions that have everything this connection
// has seen.
void wait_for_regions(Call& call);

}  // namespace anabranch::server
