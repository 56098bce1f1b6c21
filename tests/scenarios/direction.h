// Commands for all regions of a scenario: `cut eu us`, `settle`. Each is a call of World, or an
// order or question of an operator.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tests/scenarios/script.h"
#include "tests/scenarios/words.h"
#include "tests/scenarios/world.h"

namespace anabranch::test {

// Tokens of sessions, by their names in the script.
using Tokens = std::map<std::string, std::string>;

struct Direction {
  std::string_view usage;  // "cut ONE OTHER": its name and arguments.
  // One of the two is set. `ask` returns its output. Both throw ScenarioError.
  void (*happen)(World& world, const Words& words);
  Lines (*ask)(World& world, Tokens& tokens, const Words& words) = nullptr;

  [[nodiscard]] std::string_view name() const { return usage.substr(0, usage.find(' ')); }
};

// The direction that `words` are; throws ScenarioError with its usage where they are not.
const Direction& direction_of(const Words& words);

}  // namespace anabranch::test
