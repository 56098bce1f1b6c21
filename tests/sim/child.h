// Runs a simulation in a process of its own, so that a run that stops at an assertion, crashes or
// never ends is an outcome like any other.
#pragma once

#include "tests/sim/simulation.h"

namespace anabranch::test {

// Quiet: what the process prints is dropped.
Outcome simulate_in_child(const Plan& plan, bool quiet);

}  // namespace anabranch::test
