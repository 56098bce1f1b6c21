#include "leader/policies.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "core/assert.h"
#include "core/space.h"
#include "rows/policy/module_rows.h"

namespace anabranch {

namespace leader {

namespace {

using Kind = Policy::Kind;
using rows::PolicyKind;
using rows::PolicyRow;

constexpr std::pair<Kind, PolicyKind> kKinds[] = {
    {Kind::kLww, PolicyKind::kLww},       {Kind::kSiblings, PolicyKind::kSiblings},
    {Kind::kMax, PolicyKind::kMax},       {Kind::kMin, PolicyKind::kMin},
    {Kind::kNative, PolicyKind::kNative}, {Kind::kWasm1, PolicyKind::kWasm1},
    {Kind::kRemoved, PolicyKind::kNone},  {Kind::kUnknown, PolicyKind::kUnknown},
};

PolicyKind row_kind(Kind kind) {
  const auto* const found = std::ranges::find(kKinds, kind, &std::pair<Kind, PolicyKind>::first);
  ANABRANCH_ASSERT(found != std::end(kKinds));
  return found->second;
}

Policy public_policy(const rows::Policy& policy) {
  const auto* const found =
      std::ranges::find(kKinds, policy.kind, &std::pair<Kind, PolicyKind>::second);
  ANABRANCH_ASSERT(found != std::end(kKinds));
  return {.kind = found->first, .keep_base = policy.keep_base, .name = policy.name};
}

// A row of a policy, and whether it was set concurrently.
struct Listed {
  PolicyRow row;
  bool is_concurrent = false;
};

std::string note_in_force(const Listed& each, const rows::PolicyTable& table,
                          const rows::Resolvers& resolvers) {
  const rows::Policy& policy = each.row.policy;
  if (!policy.is_known()) {
    return "unknown to this version: conflicted keys are not shown; upgrade this leader";
  }
  if (policy.kind == PolicyKind::kNative && resolvers.native(policy.name) == nullptr) {
    return "this leader lacks the function: it shows the last written";
  }
  if (policy.kind == PolicyKind::kWasm1 && table.module(policy.name) == nullptr) {
    return "the module is not there: the last written is shown";
  }
  return each.is_concurrent ? "set concurrently: the last setting counts" : "";
}

// Why a policy decides nothing.
std::string note_aside(const Listed& each, bool is_set, const PolicyRow* in_force) {
  if (!each.row.region) return "removed: a shorter prefix decides, and proposals are void";
  if (is_set) return "void: a policy was set here";
  if (each.row.policy.kind == PolicyKind::kNone) return "proposes nothing";
  return in_force == nullptr || !in_force->region
             ? "void"
             : "void: region " + *in_force->region + " proposes, too, and its name is less";
}

}  // namespace

core::Result<void> check_database(std::uint8_t database) {
  return database <= core::kDatabaseMax ? core::Result<void>()
                                        : core::invalid("there are the databases 0 to 15");
}

core::Result<void> check_policy(std::uint8_t database, const Policy& policy) {
  if (policy.kind == Kind::kRemoved || policy.kind == Kind::kUnknown) {
    return core::invalid(
        "a policy can be lww, siblings, max, min, native or wasm1; remove_policy removes "
        "one");
  }
  const bool is_native = policy.kind == Kind::kNative;
  const bool is_module = policy.kind == Kind::kWasm1;
  if ((is_native || is_module) == policy.name.empty()) {
    if (is_module) return core::invalid("a policy of the kind wasm1 needs the name of a module");
    return core::invalid(is_native ? "a native policy needs the name of a function"
                                   : "only a native policy has the name of a function");
  }
  if (is_module && !rows::is_module_name(policy.name)) {
    return core::invalid("the name of a module is 64 hexadecimal digits");
  }
  return check_database(database);
}

rows::PolicyScope scope_of(std::uint8_t database, std::string_view prefix) {
  ANABRANCH_ASSERT(database <= core::kDatabaseMax);
  return {.space = std::string(1, core::space_of(database)), .prefix = std::string(prefix)};
}

rows::Policy row_policy(const Policy& policy) {
  ANABRANCH_ASSERT(policy.kind != Kind::kUnknown);
  return {.kind = row_kind(policy.kind), .keep_base = policy.keep_base, .name = policy.name};
}

regions::Policies::Proposals proposals_of(const Options& options) {
  regions::Policies::Proposals proposals;
  for (const PrefixPolicy& each : options.policies) {
    proposals.emplace(scope_of(each.database, each.prefix), row_policy(each.policy));
  }
  return proposals;
}

std::vector<PolicyAt> list_policies(const rows::RowReader& rows, const rows::Resolvers& resolvers) {
  std::map<std::pair<rows::PolicyScope, std::optional<std::string>>, Listed> found;
  rows.scan(rows::policies_path(), [&](const core::Path& path, const crdt::Row& row) {
    auto policy = rows::read_policy_row(path, row.cell);
    if (!policy) return true;
    std::pair where(policy->scope, policy->region);
    found.emplace(std::move(where), Listed{*std::move(policy), row.cell.siblings.size() > 1});
    return true;
  });
  const std::shared_ptr<const rows::PolicyTable> table = rows.policies();
  std::vector<PolicyAt> all;
  for (const auto& [where, each] : found) {
    const auto in_force = table->in_force().find(where.first);
    const PolicyRow* const row = in_force == table->in_force().end() ? nullptr : &in_force->second;
    PolicyAt at{.database = core::database_of(where.first.space).value_or(0),
                .prefix = where.first.prefix,
                .policy = public_policy(each.row.policy),
                .region = where.second.value_or(""),
                .in_force = row != nullptr && *row == each.row};
    at.note = at.in_force ? note_in_force(each, *table, resolvers)
                          : note_aside(each, found.contains({where.first, std::nullopt}), row);
    all.push_back(std::move(at));
  }
  return all;
}

}  // namespace leader

std::string to_string(const Policy& policy) {
  if (policy.kind == Policy::Kind::kRemoved) return "removed";
  if (policy.kind == Policy::Kind::kUnknown) return "unknown:" + policy.name;
  std::string text(rows::word_of(leader::row_kind(policy.kind)));
  if (!policy.name.empty()) text += ":" + policy.name;
  if (policy.keep_base) text += "+base";
  return text;
}

}  // namespace anabranch
