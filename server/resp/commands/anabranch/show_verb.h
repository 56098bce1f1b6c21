// The verb of ANABRANCH that shows a key.
#pragma once

#include "server/resp/command.h"

namespace anabranch::server {

// ANABRANCH SHOW key: replies with the value of a key and all concurrent values.
void show(Call& call);

}  // namespace anabranch::server
