// Times as text for operators.
#pragma once

#include <string>

#include "core/wall_clock.h"

namespace anabranch::regions {

// "3 hours", "2 years": rounded down to one unit. The sign of `duration` is ignored.
std::string duration_text(core::Millis duration);
// "2036-11-18 07:41 UTC", of milliseconds since 1970.
std::string moment_text(core::Millis moment);

}  // namespace anabranch::regions
