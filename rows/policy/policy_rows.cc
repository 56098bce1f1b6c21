#include "rows/policy/policy_rows.h"

#include <cstddef>
#include <utility>

#include "core/space.h"
#include "crdt/choice.h"

namespace anabranch::rows {

using core::Path;

namespace {

constexpr std::string_view kPolicies = "policy";
constexpr std::string_view kProposalTag = "p";

// The places of the components of such a path.
constexpr std::size_t kSpaceAt = 2;
constexpr std::size_t kPrefixAt = 3;
constexpr std::size_t kTagAt = 4;
constexpr std::size_t kRegionAt = 5;

}  // namespace

const Path& policies_path() {
  static const auto* const kept = new Path{core::kMeshSpace, kPolicies};
  return *kept;
}

Path policy_path(const PolicyScope& scope) {
  return policies_path().child(scope.space).append(scope.prefix);
}

Path proposal_path(const PolicyScope& scope, std::string_view region) {
  return policy_path(scope).append(kProposalTag).append(region);
}

std::optional<PolicyRow> read_policy_row(const Path& path, const crdt::Cell& cell) {
  if (cell.siblings.empty()) return std::nullopt;
  return read_policy_row(path, crdt::last_written(cell).value);
}

std::optional<PolicyRow> read_policy_row(const Path& path, std::string_view value) {
  if (!policies_path().is_prefix_of(path)) return std::nullopt;
  core::Components parts = path.components();
  const bool is_set = parts.size() == kPrefixAt + 1;
  const bool is_proposal = parts.size() == kRegionAt + 1 && parts[kTagAt] == kProposalTag;
  if ((!is_set && !is_proposal) || !core::database_of(parts[kSpaceAt])) return std::nullopt;
  PolicyRow row{.scope = {std::move(parts[kSpaceAt]), std::move(parts[kPrefixAt])},
                .policy = decode_policy(value)};
  if (is_proposal) row.region = std::move(parts[kRegionAt]);
  return row;
}

}  // namespace anabranch::rows
