// The types as tests drive them: through the public handles, by the words of docs/semantics.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <anabranch/handles.h>
#include <anabranch/options.h>

#include "rows/resolvers.h"
#include "tests/types/meaning.h"

namespace anabranch::test {

struct Subject {
  std::string title;  // Of its table in docs/semantics.md.
  std::string key;    // Where it is tried.
  std::vector<std::string> acts;
  // Carries an act out. Returns false when the handle says that there was nothing to do. May make
  // the act more precise, for the history.
  std::function<bool(Scope&, const Key&, Words&)> act;
  // The visible text of the key, "-" when it is not there.
  std::function<std::string(Scope&, const Key&)> show;
  std::function<std::string(const History&)> meaning;
  // Has counters in rows of its own: other regions see those of a large clear go one after another.
  bool has_counters = false;
  // Only of lists and texts (sequence.h): their meaning is their content, in any order.
  std::function<Words(const std::string& shown)> items = {};
  std::function<Words(const History&, const std::string& shown)> places = {};
  // Whether a key that shows nothing may still be there, until a region writes to it.
  bool stays_empty = false;
};

const std::vector<Subject>& subjects();
// The policies for the keys of subjects.
const rows::Resolvers& resolvers();

}  // namespace anabranch::test
