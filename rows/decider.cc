#include "rows/decider.h"

#include <utility>

#include "crdt/score.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

using core::Path;

namespace {

// Returns the key that a row belongs to, as the user named it.
std::string user_key(const Path& path) {
  const core::Components components = path.components();
  return components.size() > 1 ? components[1] : std::string();
}

}  // namespace

crdt::RegionOf Decider::region_of() const {
  return [&names = names_](core::Origin origin) { return names.region(origin); };
}

std::optional<std::string> Decider::value(const Path& path, const crdt::Cell& cell) const {
  if (cell.siblings.empty()) return std::nullopt;
  if (cell.siblings.size() == 1) return cell.siblings.front().value;
  if (auto value = crdt::ruled(path, cell)) return value;
  const std::string key = user_key(path);
  crdt::Resolution resolution = crdt::resolve(key, cell, resolvers_.find(key), region_of());
  if (resolution.overruled) resolvers_.count_failure();
  return std::move(resolution.value);
}

double Decider::score(const Path& path, const crdt::Row& row) const {
  return crdt::score(value(path, row.cell), row.tally);
}

}  // namespace anabranch::rows
