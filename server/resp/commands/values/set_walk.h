// The members of an intersection, union or difference of sets, in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch::server {

class SetWalk {
 public:
  enum class Operation : std::uint8_t { kIntersection, kUnion, kDifference };
  // Called with each member looked at, and whether it belongs to the result; false stops.
  using Visit = std::function<bool(const std::string& member, bool belongs)>;

  // The keys hold sets or nothing; at least one. `scope` must outlive the walk.
  SetWalk(const Scope& scope, Operation operation, std::vector<Key> sets);

  // Visits the members behind a name, or all.
  void visit(const std::optional<std::string>& behind, const Visit& visit) const;

 private:
  // Returns the next members of a set behind a name.
  [[nodiscard]] std::vector<std::string> next(const Key& set,
                                              const std::optional<std::string>& behind) const;
  // Whether a member of the first set belongs to the result.
  [[nodiscard]] bool belongs(const std::string& member) const;
  void visit_first(std::optional<std::string> behind, const Visit& visit) const;
  void visit_all(std::optional<std::string> behind, const Visit& visit) const;

  const Scope& scope_;
  const Operation operation_;
  std::vector<Key> sets_;
};

}  // namespace anabranch::server
