// Verdicts of ANABRANCH VERIFY as JSON, for the command line and for scripts.
#pragma once

#include <string>
#include <vector>

#include "regions/wire/verdict.h"

namespace anabranch::control {

// An array, one object per region.
std::string verdicts_json(const std::vector<regions::Verdict>& verdicts);

}  // namespace anabranch::control
