// Times as operators read them.
#pragma once

#include <string>

#include "core/wall_clock.h"

namespace anabranch::regions {

// "3 hours", "2 years": roughly, which is what matters. Of a negative one the same.
std::string duration_text(core::Millis duration);
// "2036-11-18 07:41 UTC", of milliseconds since 1970.
std::string moment_text(core::Millis moment);

}  // namespace anabranch::regions
