// The values that must be shown under policies, and the bases that puts must have, decided from the
// visible values of rows alone: the rules of docs/conflicts.md and docs/semantics.md a second time,
// without any knowledge of rows/policy, rows/hooks, crdt or the readers. For stores that were given
// the function three_way() and no other, and know the modules of policy_modules() only.
//
// First all visible rows of the mesh's own space are told, then each row can be judged. Values are
// those of a cell in canonical order: by time, then by dot. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/path.h"

namespace anabranch::test {

class PoliciesOracle {
 public:
  // One of the values of a cell.
  struct Value {
    std::string value;
    std::optional<std::string> base = {};
    std::int64_t time_ms = 0;
    core::Origin origin = 0;
  };
  using Values = std::vector<std::string>;

  // Takes in all rows at once: {path: values with a member `value`, in canonical order}.
  template <typename Cells>
  explicit PoliciesOracle(const Cells& cells) {
    for (const auto& [path, values] : cells) {
      if (values.empty()) continue;
      learn(path.components(), values.back().value);
      for (const auto& each : values) learn_module(path.components(), each.value);
    }
  }

  // Returns the value that a row with these values must show; nullopt where nobody can tell, since
  // the policy there is unknown.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path,
                                                 const std::vector<Value>& values) const;
  // The same for values with a member `value`, and where they have them `base`, `hlc` and `dot`.
  template <typename Siblings>
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path,
                                                 const Siblings& siblings) const {
    std::vector<Value> values;
    for (const auto& each : siblings) values.push_back(value_of(each));
    return shown(path, values);
  }

  // Returns the base that a put at a path must have when it replaces these values; nullopt for
  // none.
  template <typename Siblings>
  [[nodiscard]] std::optional<std::string> base(const core::Path& path,
                                                const Siblings& replaced) const {
    const bool has_base = !replaced.empty() && keeps_bases(path);
    return has_base ? shown(path, replaced) : std::nullopt;
  }
  // Returns whether any policy, be it not in force, keeps bases.
  [[nodiscard]] bool any_keeps_bases() const { return any_keeps_bases_; }

 private:
  enum class Kind { kNone, kLast, kMax, kMin, kThreeWay, kModule, kUnknown };
  struct Rule {
    Kind kind = Kind::kLast;
    bool keeps_bases = false;
    std::string prefix = {};
    std::string module = {};
  };
  using Scope = std::pair<std::string, std::string>;  // Space and prefix.
  struct Scoped {
    std::optional<Rule> set;
    std::map<std::string, Rule> proposed;  // By region.
  };

  template <typename Each>
  static Value value_of(const Each& each) {
    Value value;
    if constexpr (requires { each.value; }) {
      value.value = each.value;
    } else {
      value.value = each;
    }
    if constexpr (requires { each.base; }) value.base = each.base;
    if constexpr (requires { each.hlc; }) value.time_ms = each.hlc.millis();
    if constexpr (requires { each.dot; }) value.origin = each.dot.origin;
    return value;
  }

  static Rule rule_in(std::string_view bytes);
  void learn(const core::Components& path, const std::string& value);
  void learn_module(const core::Components& path, const std::string& value);
  // The rule that decides for a key; kLast where no row does.
  [[nodiscard]] Rule rule_for(const std::string& space, const std::string& key) const;
  [[nodiscard]] bool keeps_bases(const core::Path& path) const;
  [[nodiscard]] std::string merged(const Rule& rule, const core::Components& path,
                                   const std::vector<Value>& values) const;
  [[nodiscard]] std::string by_module(const Rule& rule, const core::Components& path,
                                      const std::vector<Value>& values) const;

  std::map<Scope, Scoped> scopes_;
  std::map<core::Origin, std::string> regions_;
  std::set<std::string> modules_;  // The names of those that are there.
  bool any_keeps_bases_ = false;
};

}  // namespace anabranch::test
