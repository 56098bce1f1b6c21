// ANABRANCH DRAIN: a leader takes no more writes of applications, and says which regions have all.
#pragma once

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> drain_verbs();

}  // namespace anabranch::control
