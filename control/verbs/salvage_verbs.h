// ANABRANCH SALVAGE: what the log of a leader has lost, written again or forgotten.
#pragma once

#include <span>

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> salvage_verbs();

}  // namespace anabranch::control
