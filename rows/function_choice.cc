#include "rows/function_choice.h"

#include <utility>

namespace anabranch::rows {

std::string value_by(const Resolver& resolver, std::string_view key, const crdt::Cell& cell,
                     const crdt::RegionOf& region, const Resolvers& all) {
  crdt::Resolution resolution = crdt::resolve(key, cell, resolver, region);
  if (resolution.overruled) all.count_failure();
  return std::move(resolution.value);
}

}  // namespace anabranch::rows
