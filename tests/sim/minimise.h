// Shrinks a failing run: without faults that do not matter, with fewer regions, and with as few
// steps as still fail.
#pragma once

#include <chrono>

#include "tests/sim/plan.h"

namespace anabranch::test {

// A run that fails too, no larger than `plan`, which fails. Stops when the time is over.
Plan minimise(const Plan& plan, std::chrono::seconds at_most);
// Its steps, one line each.
std::string to_lines(const Plan& plan);

}  // namespace anabranch::test
