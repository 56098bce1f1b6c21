// The types as tests drive them: through the public handles, by the words of docs/semantics.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <anabranch/handles.h>
#include <anabranch/options.h>

#include "regions/resolvers.h"
#include "tests/types/meaning.h"

namespace anabranch::test {

struct Subject {
  std::string title;  // Of its table in docs/semantics.md.
  std::string key;    // Where it is tried.
  std::vector<std::string> acts;
  // Carries an act out. Returns false when the handle says that there was nothing to do.
  std::function<bool(Scope&, const Key&, const Words&)> act;
  // What the key shows, "-" when it is not there.
  std::function<std::string(Scope&, const Key&)> show;
  std::function<std::string(const History&)> meaning;
  // Has counters in rows of its own: other regions see those of a large clear go one after another.
  bool has_counters = false;
};

const std::vector<Subject>& subjects();
// The policies for the keys of subjects.
const regions::Resolvers& resolvers();

}  // namespace anabranch::test
