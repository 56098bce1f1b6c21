// What rows mean to a caller: the reading half of a Scope, over any reader. Values are resolved
// here, on the way out; nothing stored depends on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

#include "regions/decider.h"
#include "regions/row_reader.h"

namespace anabranch::regions {

// Cheap to make; the references must outlive it. Functions as in Scope.
class View {
 public:
  View(const RowReader& rows, const Names& names, const Resolvers& resolvers)
      : rows_(rows), decider_(names, resolvers) {}

  [[nodiscard]] Type type(const Key& key) const;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  [[nodiscard]] std::int64_t tally(const Key& row) const;
  [[nodiscard]] double tally_real(const Key& row) const;
  // The number to which additions to a row add; nothing when a value there is no integer, unless it
  // is a member's.
  [[nodiscard]] std::optional<core::Number> number(const Key& row) const;
  [[nodiscard]] bool contains(const Key& row) const;
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  void scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const;
  void names(const Key& prefix, const Span& span, const Scope::VisitName& visit) const;
  [[nodiscard]] std::optional<double> score(const Key& row) const;
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, bool backwards) const;
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const;
  void scan(const Key& sorted_set, const ScoreSpan& span, const Scope::VisitScore& visit) const;
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;

 private:
  // What a row shows.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path, crdt::Row row) const;

  const RowReader& rows_;
  Decider decider_;
};

// The path of a key, which is stored in it.
core::Path path_of(const Key& key);

}  // namespace anabranch::regions
