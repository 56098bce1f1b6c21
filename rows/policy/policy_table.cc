#include "rows/policy/policy_table.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "core/planted_bug.h"
#include "core/varint.h"

namespace anabranch::rows {

using core::Bug;
using core::planted;

namespace {

// Returns whether a row decides before another one of its scope.
bool precedes(const PolicyRow& a, const PolicyRow& b) {
  if (a.region.has_value() != b.region.has_value()) {
    return a.region.has_value() == planted(Bug::kProposalFirst);
  }
  return a.region < b.region;
}

// Returns the rule that decides at a scope; nullopt where no row does.
std::optional<std::uint64_t> rule_at(const PolicyTable& table, const PolicyScope& scope) {
  const PolicyRow* const row = table.find(scope.space, scope.prefix);
  return row == nullptr ? std::nullopt : std::optional(row->policy.rule_id());
}

void put_rule(std::string& out, const PolicyRow& row) {
  core::put_bytes(out, row.scope.space);
  core::put_bytes(out, row.scope.prefix);
  core::put_varint(out, row.policy.rule_id());
}

}  // namespace

PolicyTable::PolicyTable(std::vector<PolicyRow> rows) {
  for (PolicyRow& row : rows) {
    const bool counts = !row.region && !planted(Bug::kReviveProposals);
    if (row.policy.kind == PolicyKind::kNone && !counts) continue;
    const auto [found, is_first] = in_force_.try_emplace(row.scope, row);
    if (!is_first && precedes(row, found->second)) found->second = std::move(row);
  }
  std::erase_if(in_force_,
                [](const auto& each) { return each.second.policy.kind == PolicyKind::kNone; });
  std::set<std::size_t, std::greater<>> sizes;
  for (const auto& [scope, row] : in_force_) {
    sizes.insert(scope.prefix.size());
    keeps_bases_ |= row.policy.keep_base;
  }
  sizes_.assign(sizes.begin(), sizes.end());
  if (planted(Bug::kShortestPolicy)) std::ranges::reverse(sizes_);
}

const PolicyRow* PolicyTable::find(std::string_view space, std::string_view key) const {
  PolicyScope scope{.space = std::string(space), .prefix = {}};
  for (const std::size_t size : sizes_) {
    if (size > key.size()) continue;
    scope.prefix = key.substr(0, size);
    const auto found = in_force_.find(scope);
    if (found != in_force_.end()) return &found->second;
  }
  return nullptr;
}

const PolicyRow* PolicyTable::find(const core::Path& row) const {
  if (empty()) return nullptr;
  const core::Components parts = row.components();
  return parts.size() < 2 ? nullptr : find(parts[0], parts[1]);
}

std::vector<PolicyScope> PolicyTable::changed(const PolicyTable& newer) const {
  std::set<PolicyScope> scopes;
  for (const auto& [scope, row] : in_force_) scopes.insert(scope);
  for (const auto& [scope, row] : newer.in_force_) scopes.insert(scope);
  std::erase_if(scopes, [&](const PolicyScope& scope) {
    return rule_at(*this, scope) == rule_at(newer, scope);
  });
  return {scopes.begin(), scopes.end()};
}

core::Hash128 PolicyTable::rules_below(const core::Path& path) const {
  if (empty()) return {};
  const core::Components parts = path.components();
  std::string all;
  if (parts.size() > 1) {
    if (const PolicyRow* const row = find(parts[0], parts[1])) put_rule(all, *row);
  } else {
    for (const auto& [scope, row] : in_force_) {
      if (parts.empty() || scope.space == parts[0]) put_rule(all, row);
    }
  }
  return all.empty() ? core::Hash128() : core::digest128(all);
}

}  // namespace anabranch::rows
