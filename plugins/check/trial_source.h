// Conflicts from a seed: small and large, empty and binary ones, and changed forms of those that an
// author gave, whose values a module knows how to read. The same seed gives the same ones on every
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "plugins/check/trial.h"

namespace anabranch::plugins {

// Returns the conflicts that every module is tried with first: without bytes, with each byte alone,
// with many siblings, with 1 MiB.
std::vector<Trial> fixed_trials();

class TrialSource {
 public:
  // `examples` may be empty.
  TrialSource(std::uint64_t seed, std::vector<Trial> examples);

  // Returns another conflict.
  Trial next();
  // Returns a changed form of one, mostly a larger one.
  Trial changed(const Trial& trial);

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  std::string value();
  std::string changed_value(std::string value);
  Trial random_trial();

  std::mt19937_64 random_;
  std::vector<Trial> examples_;
};

}  // namespace anabranch::plugins
