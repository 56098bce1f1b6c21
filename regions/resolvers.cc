#include "regions/resolvers.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace anabranch::regions {

Resolvers::Resolvers(std::vector<PrefixResolver> resolvers) : resolvers_(std::move(resolvers)) {
  std::ranges::stable_sort(resolvers_, std::greater<>(),
                           [](const PrefixResolver& each) { return each.prefix.size(); });
}

const Resolver& Resolvers::find(std::string_view key) const {
  for (const PrefixResolver& each : resolvers_) {
    if (key.starts_with(each.prefix)) return each.resolver;
  }
  return lww_;
}

}  // namespace anabranch::regions
