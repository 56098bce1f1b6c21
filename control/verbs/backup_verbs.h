// The verbs of ANABRANCH BACKUP.
#pragma once

#include <span>

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> backup_verbs();

}  // namespace anabranch::control
