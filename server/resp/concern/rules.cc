#include "server/resp/concern/rules.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/space.h"
#include "rows/row_text.h"

namespace anabranch::server {
namespace {

using Rule = ConcernRules::Rule;

// The mesh comes first, and a prefix before all that go on from it.
std::tuple<bool, std::uint8_t, std::string_view> order(const Rule& rule) {
  return {!rule.mesh, rule.database, rule.prefix};
}

bool covers(const Rule& rule, std::uint8_t database, std::string_view key) {
  return !rule.mesh && rule.database == database && key.starts_with(rule.prefix);
}

}  // namespace

std::string ConcernRules::Rule::place() const {
  if (mesh) return "the mesh";
  return rows::path_text(core::Path{std::string(1, core::space_of(database)), prefix});
}

void ConcernRules::use(std::vector<Rule> rules) {
  rules_ = std::move(rules);
  std::ranges::sort(rules_, {}, order);
  mesh_ = !rules_.empty() && rules_.front().mesh ? &rules_.front() : nullptr;
  const Rule* before = nullptr;
  for (Rule& rule : rules_) {
    while (before != nullptr && !covers(*before, rule.database, rule.prefix)) {
      before = before->shorter;
    }
    rule.shorter = before;
    before = &rule;
  }
}

// Between the longest prefix of a key and the key itself all prefixes go on from that one.
const Rule* ConcernRules::of_key(std::uint8_t database, std::string_view key) const {
  const auto behind = std::ranges::upper_bound(rules_, std::tuple(true, database, key), {}, order);
  const Rule* rule = behind == rules_.begin() ? nullptr : &*std::prev(behind);
  while (rule != nullptr && !covers(*rule, database, key)) rule = rule->shorter;
  return rule != nullptr ? rule : mesh_;
}

SharedConcern ConcernRules::of_user(const User* user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? nullptr : found->second;
}

}  // namespace anabranch::server
