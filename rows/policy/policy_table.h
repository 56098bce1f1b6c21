// The policies in force, as they follow from the rows: for each scope the policy that was set, if
// one was ever set; else, of the proposals, that of the region whose name is the least by its
// bytes. A policy that was removed decides nothing and keeps the proposals for its scope void; a
// proposal of no policy does not count.
//
// The policy with the longest prefix of a key decides, alone: keep_base, too, is that policy's.
// Immutable, thread-safe. Equal rows make equal tables, so that regions with equal vectors decide
// alike.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/path.h"
#include "rows/policy/policy_rows.h"

namespace anabranch::rows {

class PolicyTable {
 public:
  PolicyTable() = default;
  explicit PolicyTable(std::vector<PolicyRow> rows);

  // Returns the policy in force for a key, a proposal or one that was set; null if no row decides.
  // The policy is never a removed one. The pointer is valid as long as the table.
  [[nodiscard]] const PolicyRow* find(std::string_view space, std::string_view key) const;
  // The same for the key of a row; null for paths without a key.
  [[nodiscard]] const PolicyRow* find(const core::Path& row) const;

  [[nodiscard]] bool empty() const { return in_force_.empty(); }
  // Returns whether any policy in force keeps bases.
  [[nodiscard]] bool any_keeps_bases() const { return keeps_bases_; }
  // Returns the policies in force by scope, removed ones left out.
  [[nodiscard]] const std::map<PolicyScope, PolicyRow>& in_force() const { return in_force_; }
  // Returns the scopes, of this table or the newer one, whose keys are decided by another rule
  // there, or by a row in one of both only, in order: below them, and nowhere else, other values
  // may be shown. Scopes inside a changed one may be unchanged.
  [[nodiscard]] std::vector<PolicyScope> changed(const PolicyTable& newer) const;
  // Returns a hash of the rules that decide between siblings at or below a path: a space, a key, or
  // a row of one. Zero if no row decides there.
  [[nodiscard]] core::Hash128 rules_below(const core::Path& path) const;

 private:
  std::map<PolicyScope, PolicyRow> in_force_;
  // The sizes of all prefixes, the longest first: a search looks up a prefix of each size.
  std::vector<std::size_t> sizes_;
  bool keeps_bases_ = false;
};

}  // namespace anabranch::rows
