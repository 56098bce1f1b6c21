#include "rows/bases.h"

#include <memory>

#include "core/planted_bug.h"
#include "crdt/type_table.h"
#include "rows/decider.h"

namespace anabranch::rows {

bool keeps_bases(const RowReader& state, const core::Path& path) {
  const std::shared_ptr<const PolicyTable> policies = state.policies();
  if (!policies->any_keeps_bases()) return false;  // Nearly always; no path is taken apart.
  const PolicyRow* const row = policies->find(path);
  if (row == nullptr || !row->policy.keep_base) return false;
  const crdt::TypeEntry* const type = crdt::type_at(path.components());
  return type != nullptr && type->rule == crdt::Rule::kPolicy;
}

std::optional<std::string> base_of_put(const RowReader& state, const core::Path& path,
                                       const crdt::Cell& cell, const core::VersionVector& context,
                                       const Resolvers& resolvers) {
  crdt::Cell replaced;
  for (const crdt::Sibling& each : cell.siblings) {
    const bool is_replaced = context.covers(each.dot) || planted(core::Bug::kBaseOfUnseen);
    if (is_replaced) replaced.siblings.push_back(each);
  }
  return Decider(state, resolvers).value(path, replaced);
}

}  // namespace anabranch::rows
