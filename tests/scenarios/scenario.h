// Runs a script on regions of its own, and compares its output with the expected one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/scenarios/direction.h"
#include "tests/scenarios/script.h"
#include "tests/scenarios/world.h"

namespace anabranch::test {

class Scenario {
 public:
  // Runs a command and returns its output. Throws ScenarioError if it is malformed or impossible.
  //
  //   cut eu us                   a direction
  //   eu: set a 1; incr b 2       one transaction of a region
  //   all: show a                 the same asked of each region that runs; or `eu us: show a`
  Lines run(const std::string& command);

 private:
  [[nodiscard]] Lines tell(const std::string& region, const std::string& told);

  World world_;
  Tokens tokens_;
};

// The output of a script, step by step, up to the first impossible command.
struct Played {
  std::vector<Lines> printed;
  // The first error: "cut.txt:7: there is no region ap", or the expected and the actual output.
  // Empty if there is none.
  std::string wrong;
};

// Plays a script; `name` begins its errors. A wrong output ends nothing, so that rewriting gets
// all.
[[nodiscard]] Played play(const Script& script, const std::string& name);

}  // namespace anabranch::test
