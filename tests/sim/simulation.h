// One simulated run: writes and faults as planned, everything watched on the way; then, at the end
// of each season, calm, in which all regions must become equal within bounded virtual time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/plan.h"

namespace anabranch::test {

// The counts of a run.
struct Figures {
  std::size_t steps_taken = 0;  // The failing one included.
  std::uint64_t ops = 0;
  std::uint64_t writes = 0;
  std::uint64_t refused = 0;   // Writes that a failing disk did not take.
  std::uint64_t visits = 0;    // Of clients that were let in,
  std::uint64_t refusals = 0;  // and of those that were not.
  std::uint64_t events = 0;    // Messages and ticks.
  core::Millis virtual_ms = 0;
  Carried carried;
};

struct Outcome : Figures {
  std::string failure;                 // The error; empty when there was none.
  std::vector<std::uint64_t> planned;  // Of each fault: how often it was to strike...
  std::vector<std::uint64_t> fired;    // ...and did harm.
};

Outcome simulate(const Plan& plan);

}  // namespace anabranch::test
