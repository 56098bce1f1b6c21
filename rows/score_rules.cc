#include "rows/score_rules.h"

#include <memory>
#include <optional>
#include <string_view>

#include "crdt/choice.h"
#include "crdt/score.h"
#include "crdt/type_table.h"
#include "rows/function_choice.h"
#include "rows/kept_answers.h"
#include "rows/policy/policy_choice.h"

namespace anabranch::rows {

namespace {

constexpr std::uint64_t kByResolvers = 0;
constexpr std::uint64_t kByTime = 1;  // A row rules, and the resolvers might decide otherwise.

bool orders_by_value(PolicyKind kind) {
  return kind == PolicyKind::kMax || kind == PolicyKind::kMin;
}

}  // namespace

double ScoreRules::score(const core::Path& path, const crdt::Row& row,
                         const RowReader& state) const {
  const crdt::Cell& cell = row.cell;
  if (cell.siblings.empty()) return crdt::score(std::nullopt, row.tally);
  if (cell.siblings.size() == 1) return crdt::score(cell.siblings.front().value, row.tally);
  if (const auto value = crdt::ruled(path, cell)) return crdt::score(value, row.tally);
  const core::Components parts = path.components();
  const bool has_key = parts.size() > 1;
  const std::string_view key = has_key ? std::string_view(parts[1]) : std::string_view();
  const std::shared_ptr<const PolicyTable> policies = state.policies();
  if (const PolicyRow* const policy = has_key ? policies->find(parts[0], key) : nullptr) {
    const PolicyKind kind = policy->policy.kind;
    const bool by_value = orders_by_value(kind);
    const crdt::Sibling& chosen = by_value ? *chosen_sibling(kind, cell) : crdt::last_written(cell);
    return crdt::score(chosen.value, row.tally);
  }
  if (const auto kept = kept_value(path, cell, state, resolvers_)) {
    return crdt::score(kept, row.tally);
  }
  const FunctionChoice choice = choice_of(resolvers_.find(key));
  return crdt::score(value_by(choice, path, parts, cell, state, resolvers_), row.tally);
}

std::uint64_t ScoreRules::rule(const core::Path& sorted_set, const RowReader& state) const {
  const std::shared_ptr<const PolicyTable> policies = state.policies();
  const PolicyRow* const policy = policies->find(sorted_set);
  if (policy == nullptr) return kByResolvers;
  if (orders_by_value(policy->policy.kind)) return policy->policy.rule_id();
  // Nearly no process has resolvers: then no order changes with such a policy.
  return resolvers_.find(sorted_set.components()[1]).resolver.function() ? kByTime : kByResolvers;
}

}  // namespace anabranch::rows
