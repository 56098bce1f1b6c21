// The table of everything that can go wrong in a simulation. A new feature brings its rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tests/sim/scene.h"

namespace anabranch::test {

// What a run is judged by is not known exactly where a retirement and an intruder meet, say. So
// each run has the faults of one company, besides those that go with all.
enum class Company : std::uint8_t { kRetirements, kIntruders, kClones, kAny };

struct Fault {
  std::string_view name;
  std::string_view what;
  double per_round = 0;         // How likely it strikes with one write, on average.
  bool (*strike)(Scene&);       // Returns whether anything happened, or will.
  std::string_view alarm = {};  // What operators may read because of it, a part of the sentence.
  Company company = Company::kAny;
  bool of_followers = false;  // Planned only where there are some.
  bool later = false;         // Not in plain runs.
};

std::span<const Fault> faults();
// What a fault that only begins something must make more of before calm comes, to have harmed
// anybody; null for those that have harmed when they have struck.
std::uint64_t Carried::*harm_of(const Fault& fault);

}  // namespace anabranch::test
