#include "rows/decider.h"

#include <memory>

#include <anabranch/error.h>

#include "core/planted_bug.h"
#include "crdt/choice.h"
#include "crdt/type_table.h"
#include "rows/function_choice.h"
#include "rows/policy/policy_choice.h"
#include "rows/row_text.h"

namespace anabranch::rows {

using core::Path;

crdt::RegionOf Decider::region_of() const {
  return [&names = names_](core::Origin origin) { return names.region(origin); };
}

std::optional<std::string> Decider::value(const Path& path, const crdt::Cell& cell) const {
  if (cell.siblings.empty()) return std::nullopt;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (auto value = crdt::ruled(path, cell)) return value;
  return by_policy(path, cell);
}

std::string Decider::by_policy(const Path& path, const crdt::Cell& cell) const {
  const core::Components parts = path.components();
  if (parts.size() < 2) return by_function({}, cell, resolvers_.find({}));
  const std::string& key = parts[1];
  const std::shared_ptr<const PolicyTable> policies = rows_.policies();
  const PolicyRow* const row = policies->find(parts[0], key);
  if (row == nullptr) return by_function(key, cell, resolvers_.find(key));
  const Policy& policy = row->policy;
  const bool is_unknown = !policy.is_known() && !planted(core::Bug::kUnknownAsLww);
  if (is_unknown) throw Error(ErrorCode::kUnsupported, unknown_policy_text(*row));
  if (const auto* const chosen = chosen_sibling(policy.kind, cell)) return chosen->value;
  if (const Resolver* const native = resolvers_.native(policy.name)) {
    return by_function(key, cell, *native);
  }
  resolvers_.count_absent();
  return crdt::last_written(cell).value;
}

std::string Decider::by_function(std::string_view key, const crdt::Cell& cell,
                                 const Resolver& resolver) const {
  return value_by(resolver, key, cell, region_of(), resolvers_);
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
