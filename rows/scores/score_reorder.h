// The orders of scores still to be looked at after a change of policies: scopes of keys, each with
// the place that a walk over its orders has reached. Stored as one row of meta, in the commit that
// changes the policies and with each slice of the walk (score_upkeep.h), so that a restart goes on.
//
// Readers need it not: each order names its own rule. Without it a stale order would be sorted from
// rows until its next change. A value; its size is bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rows/policy/policy_rows.h"
#include "storage/storage.h"

namespace anabranch::rows {

class ScoreReorder {
 public:
  // With more scopes than this, all orders are looked at.
  static constexpr std::size_t kScopesMax = 1000;

  // Loads the row of a snapshot; an empty object if there is none.
  static core::Result<ScoreReorder> load(const storage::Snapshot& snapshot);
  // Returns the change of meta that stores it.
  [[nodiscard]] storage::Change change() const;

  [[nodiscard]] bool empty() const { return parts_.empty(); }
  // Returns the number of scopes left.
  [[nodiscard]] std::size_t size() const { return parts_.size(); }
  // Adds scopes, to be walked from their beginning.
  void add(const std::vector<PolicyScope>& scopes);
  // Adds all keys.
  void add_all();

  // ---- The walk over the first scope. There must be one.

  // Returns the common prefix of the keys of its orders in the table of scores.
  [[nodiscard]] std::string keys() const;
  // Returns the key to go on with.
  [[nodiscard]] std::string next() const;
  void go_on_at(std::string next) { parts_.front().next = std::move(next); }
  void finish() { parts_.erase(parts_.begin()); }

 private:
  struct Part {
    PolicyScope scope;      // An empty space: all keys.
    std::string next = {};  // Empty at the beginning.
  };

  void add_scope(PolicyScope scope);

  std::vector<Part> parts_;
};

}  // namespace anabranch::rows
