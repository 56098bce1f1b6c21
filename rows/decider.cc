#include "rows/decider.h"

#include <memory>

#include <anabranch/error.h>

#include "core/planted_bug.h"
#include "crdt/choice.h"
#include "crdt/type_table.h"
#include "rows/function_choice.h"
#include "rows/hooks/hook_input.h"
#include "rows/kept_answers.h"
#include "rows/module_choice.h"
#include "rows/policy/policy_choice.h"
#include "rows/row_text.h"

namespace anabranch::rows {

using core::Path;

std::vector<Sibling> Decider::siblings(const crdt::Cell& cell) const {
  if (cell.siblings.empty()) return {};
  return public_siblings(cell, *rows_.regions());
}

std::optional<std::string> Decider::value(const Path& path, const crdt::Cell& cell) const {
  if (cell.siblings.empty()) return std::nullopt;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (auto kept = kept_value(path, cell, rows_, resolvers_)) return kept;
  const core::Components row = path.components();
  if (auto value = crdt::ruled(row, cell)) return value;
  return by_policy(path, row, cell);
}

std::string Decider::by_policy(const Path& path, const core::Components& parts,
                               const crdt::Cell& cell) const {
  const bool has_key = parts.size() > 1;
  const std::string_view key = has_key ? std::string_view(parts[1]) : std::string_view();
  const std::shared_ptr<const PolicyTable> policies = rows_.policies();
  const PolicyRow* const row = has_key ? policies->find(parts[0], key) : nullptr;
  if (row == nullptr) {
    return value_by(choice_of(resolvers_.find(key)), path, parts, cell, rows_, resolvers_);
  }
  const Policy& policy = row->policy;
  const bool is_unknown = !policy.is_known() && !planted(core::Bug::kUnknownAsLww);
  if (is_unknown) throw Error(ErrorCode::kUnsupported, unknown_policy_text(*row));
  if (const auto* const chosen = chosen_sibling(policy.kind, cell)) return chosen->value;
  if (policy.kind == PolicyKind::kWasm1) {
    return value_by({*row, *policies}, path, parts, cell, rows_, resolvers_);
  }
  if (const Resolver* const native = resolvers_.native(policy.name)) {
    return value_by({*native, row->scope.prefix}, path, parts, cell, rows_, resolvers_);
  }
  resolvers_.count_absent();
  return crdt::last_written(cell).value;
}

bool Decider::can_decide(const Path& path, const crdt::Cell& cell) const {
  if (cell.siblings.size() < 2 || crdt::ruled(path, cell)) return true;
  const std::shared_ptr<const PolicyTable> policies = rows_.policies();
  const PolicyRow* const row = policies->find(path);
  return row == nullptr || row->policy.is_known();
}

double Decider::score(const Path& path, const crdt::Row& row) const {
  if (!can_decide(path, row.cell)) {
    throw Error(ErrorCode::kUnsupported, unknown_policy_text(*rows_.policies()->find(path)));
  }
  return scores_.score(path, row, rows_);
}

bool Decider::are_ordered_by(std::uint64_t rule, const Path& sorted_set) const {
  const std::shared_ptr<const PolicyTable> policies = rows_.policies();
  const PolicyRow* const row = policies->find(sorted_set);
  return (row == nullptr || row->policy.is_known()) && scores_.rule(sorted_set, rows_) == rule;
}

}  // namespace anabranch::rows
