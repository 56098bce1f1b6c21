// The values that must be shown under policies, decided from the visible values of rows alone: the
// rules of docs/conflicts.md and docs/semantics.md a second time, without any knowledge of
// rows/policy, crdt or the readers. For stores without functions.
//
// First all visible rows of the mesh's own space are told, then each row can be judged. Values are
// those of a cell in canonical order: by time, then by dot. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/path.h"

namespace anabranch::test {

class PoliciesOracle {
 public:
  using Values = std::vector<std::string>;

  // Takes in all rows at once: {path: values with a member `value`, in canonical order}.
  template <typename Cells>
  explicit PoliciesOracle(const Cells& cells) {
    for (const auto& [path, values] : cells) {
      if (!values.empty()) learn(path.components(), values.back().value);
    }
  }

  // Returns the value that a row with these values must show; nullopt where nobody can tell, since
  // the policy there is unknown.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path,
                                                 const Values& values) const;
  // The same for values with a member `value`.
  template <typename Siblings>
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path,
                                                 const Siblings& siblings) const {
    Values values;
    for (const auto& each : siblings) values.push_back(each.value);
    return shown(path, values);
  }

 private:
  enum class Kind { kNone, kLast, kMax, kMin, kUnknown };
  using Scope = std::pair<std::string, std::string>;  // Space and prefix.
  struct Scoped {
    std::optional<Kind> set;
    std::map<std::string, Kind> proposed;  // By region.
  };

  static Kind kind_in(std::string_view bytes);
  void learn(const core::Components& path, const std::string& value);
  // The kind that decides for a key; kLast where no row does.
  [[nodiscard]] Kind kind_for(const std::string& space, const std::string& key) const;

  std::map<Scope, Scoped> scopes_;
};

}  // namespace anabranch::test
