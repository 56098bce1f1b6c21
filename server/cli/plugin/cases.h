// An author's cases for a plugin, a file of JSON:
//
//   [{"name": "the highest wins", "siblings": ["100:ann", "110:bob"], "shows": "110:bob"},
//    {"key": "doc/1", "siblings": [{"value": "a", "base": "b"}, {"value": {"hex": "00ff"}}],
//     "shows": null}]
//
// A sibling is its value, or an object with `value`, `base`, `region` and `time_ms`; the last one
// was written last. Bytes are text or {"hex": digits}. `key`, `prefix`, `type` (a letter), `path`
// (a list) and `name` may be left out. `shows` is the value to be shown, or null where the module
// is to decline; without it any answer will do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plugins/check/trial.h"

namespace anabranch::server::cli {

struct Case {
  std::string name;  // Empty if it has none.
  plugins::Trial trial;
  bool has_answer = false;
  std::optional<std::string> shows;  // nullopt: declines. Counts if `has_answer`.
};

// Fails with kInvalid and a sentence for the author.
core::Result<std::vector<Case>> parse_cases(std::string_view json);

// Returns the conflict as a case on one line, so that it can be added to a file of cases.
std::string to_case(const plugins::Trial& trial);

}  // namespace anabranch::server::cli
