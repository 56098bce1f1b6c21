// The verbs of ANABRANCH CONFLICTS.
#pragma once

#include <span>

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> conflict_verbs();

}  // namespace anabranch::control
