// The members of an intersection, union or difference of sets, in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch::server {

// It can stop at any member and go on there later, over the same state.
class SetWalk {
 public:
  enum class Operation : std::uint8_t { kIntersection, kUnion, kDifference };
  // Called with each member looked at, and whether it belongs to the result; false stops, and the
  // walk goes on with that member.
  using Visit = std::function<bool(const std::string& member, bool belongs)>;
  // More sets that differ and hold something are refused: each costs a look for each member.
  static constexpr std::size_t kSetsMax = 10'000;

  explicit SetWalk(Operation operation) : operation_(operation) {}

  // Adds a set. Throws Error{kWrongType} if the key holds anything else, Error{kTooLarge} for too
  // many sets.
  void add(const Scope& scope, const Key& set);
  // How many rows are looked at for each member.
  [[nodiscard]] std::size_t rows_per_member() const { return sets_.size(); }
  // The size of the largest set: a union has as many members, or more.
  [[nodiscard]] std::uint64_t largest() const { return largest_; }

  // Visits the members that were not visited yet.
  void visit(const Scope& scope, const Visit& visit);

 private:
  struct Part {
    Key set;
    std::uint64_t size = 0;
    std::vector<std::string> names = {};  // The next members, read together;
    std::size_t next = 0;                 // those before it are done.
    bool ended = false;                   // There are no others behind them.
  };

  // Has the next member of a part read. Returns whether there is one.
  bool look(const Scope& scope, Part& part) const;
  // Whether a member of the first set belongs to the result.
  [[nodiscard]] bool belongs(const Scope& scope, const std::string& member) const;
  void visit_first(const Scope& scope, const Visit& visit);
  void visit_all(const Scope& scope, const Visit& visit);

  const Operation operation_;
  std::vector<Part> sets_;       // That differ and hold something.
  std::set<std::string> named_;  // All that were added, by the bytes of their keys.
  std::uint64_t largest_ = 0;
  bool begun_ = false;
  bool is_empty_ = false;  // Of an intersection one is, or the first of a difference.
  std::map<std::string, std::vector<std::size_t>> heads_;  // The next members of a union.
};

}  // namespace anabranch::server
