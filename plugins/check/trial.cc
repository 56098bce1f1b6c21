#include "plugins/check/trial.h"

#include <string_view>

namespace anabranch::plugins {

std::string input_of(const Trial& trial) {
  ConflictInput input;
  input.key = trial.key;
  input.prefix = trial.prefix;
  input.type = trial.type;
  input.parts.assign(trial.parts.begin(), trial.parts.end());
  for (const TrialSibling& each : trial.siblings) {
    std::optional<std::string_view> base;
    if (each.base) base = *each.base;
    input.siblings.push_back({each.value, base, each.region, each.time_ms});
  }
  return encode(input);
}

}  // namespace anabranch::plugins
