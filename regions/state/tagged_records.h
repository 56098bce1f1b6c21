// From where on the log has no op on rows of a type, or inside its elements: a sweep of such rows
// need not read that. In memory only: of all records before the opening nothing is known.
//
// Not thread-safe.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include <anabranch/key.h>

#include "core/assert.h"
#include "core/path.h"
#include "core/path_parts.h"
#include "storage/storage.h"

namespace anabranch::regions {

class TaggedRecords {
 public:
  explicit TaggedRecords(std::initializer_list<Type> types) {
    for (const Type type : types) states_.push_back({.tag = static_cast<char>(type)});
  }

  // Begins with a log of which `last` is the last record.
  void begin(storage::Position last) {
    for (State& each : states_) each.without_from = last + 1;
  }
  // Call it for each row that leaves a stage.
  void see(const core::Path& row) {
    for (State& each : states_) {
      each.seen = each.seen || core::may_lead_through(row.encoded(), each.tag);
    }
  }
  // A commit has ops, and their rows do not leave a stage with it.
  void see_unknown() {
    for (State& each : states_) each.seen = true;
  }
  // The rows that were seen are committed, and the last record of the log is `last`.
  void committed(storage::Position last) {
    for (State& each : states_) {
      if (std::exchange(each.seen, false)) each.without_from = last + 1;
    }
  }

  // Returns a position, perhaps behind the end of the log: no record from there on has an op on a
  // row below the tag of this type.
  [[nodiscard]] storage::Position without_from(Type type) const {
    const auto found = std::ranges::find(states_, static_cast<char>(type), &State::tag);
    ANABRANCH_ASSERT(found != states_.end());
    return found->without_from;
  }

 private:
  struct State {
    char tag;
    bool seen = false;  // By the commit that is being made.
    storage::Position without_from = 0;
  };
  std::vector<State> states_;
};

}  // namespace anabranch::regions
