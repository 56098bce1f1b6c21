// The verb of ANABRANCH that shows a key.
#pragma once

#include "control/verbs/verb.h"

namespace anabranch::control {

// ANABRANCH SHOW key: replies with the value of a key and all concurrent values.
void show(Call& call);

}  // namespace anabranch::control
