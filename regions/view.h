// What rows mean to a caller: the reading half of a Scope, over any reader. Values are resolved
// here, on the way out; nothing stored depends on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/scope.h>

#include "crdt/resolve.h"
#include "regions/names.h"
#include "regions/resolvers.h"
#include "regions/row_reader.h"

namespace anabranch::regions {

// Cheap to make; the references must outlive it. Functions as in Scope.
class View {
 public:
  View(const RowReader& rows, const Names& names, const Resolvers& resolvers)
      : rows_(rows), names_(names), resolvers_(resolvers) {}

  [[nodiscard]] Type type(const Key& key) const;
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  [[nodiscard]] std::int64_t tally(const Key& row) const;
  [[nodiscard]] double tally_real(const Key& row) const;
  // The number to which additions to a row add; nothing when a value there is no integer.
  [[nodiscard]] std::optional<core::Number> number(const Key& row) const;
  [[nodiscard]] bool contains(const Key& row) const;
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  void scan(const Key& prefix, const Span& span, const Scope::Visit& visit) const;
  void names(const Key& prefix, const Span& span, const Scope::VisitName& visit) const;
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;

 private:
  // What a row shows.
  [[nodiscard]] std::optional<std::string> shown(const core::Path& path, crdt::Row row) const;
  // The value that a row shows, the tally not yet added; nothing when its cell is empty.
  [[nodiscard]] std::optional<std::string> resolved(const core::Path& path,
                                                    const crdt::Cell& cell) const;

  [[nodiscard]] crdt::RegionOf region_of() const;

  const RowReader& rows_;
  const Names& names_;
  const Resolvers& resolvers_;
};

// The path of a key, which is stored in it.
core::Path path_of(const Key& key);

}  // namespace anabranch::regions
