// A conflict that a module is tried with. Owns its bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/conflict_input.h"

namespace anabranch::plugins {

struct TrialSibling {
  std::string value;
  std::optional<std::string> base;
  std::string region;
  std::int64_t time_ms = 0;

  bool operator==(const TrialSibling&) const = default;
};

struct Trial {
  std::string key;
  std::string prefix;
  char type = 's';
  std::vector<std::string> parts;
  std::vector<TrialSibling> siblings;  // At least 2.

  bool operator==(const Trial&) const = default;
};

// Returns the input of the module.
std::string input_of(const Trial& trial);

}  // namespace anabranch::plugins
