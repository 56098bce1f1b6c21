#include "rows/resolvers.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/varint.h"

namespace anabranch::rows {

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

core::Hash128 Resolvers::fingerprint() const {
  std::string all;
  for (const PrefixResolver& each : resolvers_) {
    core::put_bytes(all, each.prefix);
    core::put_bytes(all, each.resolver.name());
  }
  return core::digest128(all);
}

}  // namespace anabranch::rows
