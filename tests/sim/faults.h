// The table of all faults of a simulation. A new feature brings its rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tests/sim/scene.h"

namespace anabranch::test {

// The expected result of a run is not known exactly where a retirement and an intruder meet, for
// example. So each run has the faults of one company, besides those that go with all.
enum class Company : std::uint8_t { kRetirements, kIntruders, kClones, kAny };

struct Fault {
  std::string_view name;
  std::string_view what;
  double per_round = 0;         // Its probability with one write, on average.
  bool (*strike)(Scene&);       // Returns whether anything happened, or will.
  std::string_view alarm = {};  // A part of the alarms that it may cause.
  Company company = Company::kAny;
  bool of_followers = false;  // Planned only where there are some.
  bool later = false;         // Not in plain runs.
  bool of_engine = false;     // Planned only where disks have the engine.
  bool of_chance = false;     // Changes roles: not where regions choose their leaders.
  bool of_choice = false;     // Planned only there.
};

std::span<const Fault> faults();
// The counter that a fault which only begins something must raise before calm comes, to have done
// harm; null for faults that do harm when they strike.
std::uint64_t Carried::*harm_of(const Fault& fault);

}  // namespace anabranch::test
