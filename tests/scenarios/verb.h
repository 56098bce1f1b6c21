// Writes and questions to one region of a scenario: `eu: set cart apple`. Each is a call of a
// public handle.
#pragma once

#include <anabranch/scope.h>
#include <string>
#include <string_view>

#include "tests/scenarios/words.h"

namespace anabranch::test {

struct Verb {
  std::string_view usage;  // "set KEY VALUE": its name and arguments.
  // One of the two is set. `read` returns its output. Both throw Error as handles do.
  void (*write)(Scope& scope, const Key& key, const Words& words);
  std::string (*read)(Scope& scope, const Words& words) = nullptr;

  [[nodiscard]] std::string_view name() const { return usage.substr(0, usage.find(' ')); }
};

// The verb that `words` are of; throws ScenarioError with its usage where they are not.
const Verb& verb_of(const Words& words);

// The value of a key of any type; "-" if it is absent.
[[nodiscard]] std::string shown_at(Scope& scope, const Key& key);

}  // namespace anabranch::test
