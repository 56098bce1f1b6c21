// The smallest conflict of which something is true still, found by leaving parts out.
#pragma once

#include <cstddef>
#include <functional>

#include "plugins/check/trial.h"

namespace anabranch::plugins {

// Returns a trial for which `holds` is true as it is for `trial`, and for which no part can be left
// out any more, or that `tries` calls of it have found.
Trial made_smaller(Trial trial, const std::function<bool(const Trial&)>& holds, std::size_t tries);

}  // namespace anabranch::plugins
