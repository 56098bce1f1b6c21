// ANABRANCH HANDOVER: a leader gives the lead of its region to another member.
#pragma once

#include "control/verbs/verb.h"

namespace anabranch::control {

std::span<const Verb> handover_verbs();

}  // namespace anabranch::control
