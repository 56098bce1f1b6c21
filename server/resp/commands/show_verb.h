// The verb of ANABRANCH that shows a key.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// ANABRANCH SHOW key: what a key holds, with all concurrent values.
void show(Call& call);

}  // namespace anabranch::server
