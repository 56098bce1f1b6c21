#include "rows/conflicts/conflict_choice.h"

#include <optional>
#include <utility>

#include "core/assert.h"
#include "crdt/choice.h"
#include "crdt/type_table.h"
#include "rows/policy/policy_choice.h"

namespace anabranch::rows {

namespace {

using crdt::Cell;

// The value that the type itself shows; nullopt where a policy decides.
std::optional<core::Dot> ruled_by_type(const core::Path& path, const Cell& cell) {
  const std::optional<std::string> shown = crdt::ruled(path, cell);
  if (!shown) return std::nullopt;
  Cell of_that_value;
  for (const crdt::Sibling& each : cell.siblings) {
    if (each.value == *shown) of_that_value.siblings.push_back(each);
  }
  // Values that no version of this program writes read as true, and are shown as such.
  return crdt::last_written(of_that_value.siblings.empty() ? cell : of_that_value).dot;
}

ConflictChoice by_resolver(const Resolver& resolver, const Cell& cell) {
  if (resolver.function()) return {.policy = "resolver " + std::string(resolver.name())};
  return {.policy = "lww", .shown = crdt::last_written(cell).dot};
}

// No function decides scores, and no policy of a newer version (score_rules.h).
const crdt::Sibling* chosen(PolicyKind kind, const core::Path& path, const Cell& cell) {
  const crdt::Sibling* const sibling = chosen_sibling(kind, cell);
  const bool is_score = crdt::type_at(path.components())->type == Type::kSortedSet;
  return sibling == nullptr && is_score ? &crdt::last_written(cell) : sibling;
}

}  // namespace

ConflictChoice choice_between(const core::Path& path, const std::vector<crdt::Sibling>& values,
                              const PolicyTable& policies, const Resolvers& resolvers) {
  ANABRANCH_ASSERT(!values.empty() && can_lose(path));
  const Cell cell{values};
  if (const auto shown = ruled_by_type(path, cell)) return {.policy = "type", .shown = *shown};
  const PolicyRow* const row = policies.find(path);
  if (row == nullptr) return by_resolver(resolvers.find(path.components()[1]).resolver, cell);
  ConflictChoice choice{.policy = row->policy.text(), .prefix = row->scope.prefix};
  const crdt::Sibling* const sibling = chosen(row->policy.kind, path, cell);
  if (sibling != nullptr) choice.shown = sibling->dot;
  return choice;
}

}  // namespace anabranch::rows
