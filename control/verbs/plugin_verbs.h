// The verbs of ANABRANCH PLUGIN.
#pragma once

#include <span>

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> plugin_verbs();

}  // namespace anabranch::control
