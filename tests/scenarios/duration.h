// Times as scripts have them: "10s", "90m", "2h", also with a sign.
#pragma once

#include <string>
#include <utility>

#include "core/wall_clock.h"
#include "tests/scenarios/words.h"

namespace anabranch::test {

inline core::Millis duration(const std::string& text) {
  std::size_t digits = 0;
  core::Millis number = 0;
  try {
    number = std::stoll(text, &digits);
  } catch (const std::logic_error&) {
    throw ScenarioError("no time: " + text);
  }
  const std::string unit = text.substr(digits);
  if (unit == "ms") return number;
  if (unit == "s") return number * 1'000;
  if (unit == "m") return number * 60'000;
  if (unit == "h") return number * 3'600'000;
  throw ScenarioError("a time ends with ms, s, m or h: " + text);
}

}  // namespace anabranch::test
