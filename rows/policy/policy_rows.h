// The rows of policies in the mesh's own space:
//
//   [0, "policy", SPACE, PREFIX]                the policy that was set for a prefix of keys
//   [0, "policy", SPACE, PREFIX, "p", REGION]   the policy that a region's configuration proposes
//
// SPACE is the first component of the paths of a database. They are ordinary rows: written by
// ordinary transactions, merged as all others. Of concurrent values the last written counts; a
// value that a version cannot read counts as well.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "crdt/row.h"
#include "rows/policy/policy.h"

namespace anabranch::rows {

// The keys of a policy.
struct PolicyScope {
  std::string space;   // Of a database, one byte; not the mesh's own.
  std::string prefix;  // Of keys; empty for all.
  auto operator<=>(const PolicyScope&) const = default;
};

// Returns the path above all rows of policies.
[[nodiscard]] const core::Path& policies_path();
// Returns the path of the row of a policy, and of the proposal of a region.
[[nodiscard]] core::Path policy_path(const PolicyScope& scope);
[[nodiscard]] core::Path proposal_path(const PolicyScope& scope, std::string_view region);

// The content of a row of a policy.
struct PolicyRow {
  PolicyScope scope;
  std::optional<std::string> region = {};  // That proposes it; nullopt if it was set.
  Policy policy;
  bool operator==(const PolicyRow&) const = default;
};

// Returns the content of a row; nullopt if the path is that of no policy of a database, or the cell
// is empty.
[[nodiscard]] std::optional<PolicyRow> read_policy_row(const core::Path& path,
                                                       const crdt::Cell& cell);
// Returns what a value means at a path; nullopt if that is the path of no policy of a database.
[[nodiscard]] std::optional<PolicyRow> read_policy_row(const core::Path& path,
                                                       std::string_view value);

}  // namespace anabranch::rows
