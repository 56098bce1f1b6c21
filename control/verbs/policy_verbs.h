// The verbs of ANABRANCH POLICY.
#pragma once

#include <span>

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> policy_verbs();

}  // namespace anabranch::control
