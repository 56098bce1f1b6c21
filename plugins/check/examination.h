// Tries a module with many conflicts, for its author. Finds inputs for which it has no answer, the
// dearest one, and two laws that it may break: siblings that are all equal show that value; what an
// earlier call has left in the memory changes no answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/check/trial.h"
#include "plugins/module.h"
#include "plugins/verdict.h"

namespace anabranch::plugins {

struct ExaminationOptions {
  std::uint64_t seed = 1;
  std::size_t tries = 2000;
  // Of all tries together: some seconds. Tries end when it is used up.
  std::uint64_t fuel = 500'000'000;
  std::vector<Trial> examples;  // Tried as they are, and changed.
};

// A trial and its outcome.
struct Tried {
  Trial trial;
  Outcome outcome;
  std::uint64_t fuel_limit = 0;  // Of an input of this size.
};

// An answer that depends on what the call before has left. In a store each call finds a new state.
struct Stateful {
  Tried before;   // In a new state.
  Tried tried;    // In a new state.
  Outcome again;  // Of the same trial behind `before`.
};

struct Examination {
  std::size_t tries = 0;
  std::array<std::size_t, kVerdicts> verdicts{};  // How many tries ended so, by Verdict.
  // For each verdict that is no answer the smallest trial found.
  std::vector<Tried> failures;
  std::optional<Tried> dearest;  // Uses the greatest part of its fuel.
  // Equal siblings for which the answer is another value.
  std::optional<Tried> unequal;
  std::optional<Stateful> stateful;
};

// Throws std::bad_alloc. The same options give the same result on every machine.
Examination examine(const std::shared_ptr<const Module>& module, const ExaminationOptions& options);

}  // namespace anabranch::plugins
