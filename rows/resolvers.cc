#include "rows/resolvers.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/varint.h"

namespace anabranch::rows {

namespace {

std::string names_of(const std::vector<PrefixResolver>& resolvers) {
  std::string all;
  for (const PrefixResolver& each : resolvers) {
    core::put_bytes(all, each.prefix);
    core::put_bytes(all, each.resolver.name());
  }
  return all;
}

}  // namespace

Resolvers::Resolvers(std::vector<PrefixResolver> resolvers, std::vector<Resolver> functions,
                     HookAlarms::Outside outside, std::uint64_t seed)
    : resolvers_(std::move(resolvers)),
      functions_(std::move(functions)),
      answers_(seed),
      alarms_(std::move(outside)) {
  std::ranges::stable_sort(resolvers_, std::greater<>(),
                           [](const PrefixResolver& each) { return each.prefix.size(); });
  std::ranges::stable_sort(functions_, {}, &Resolver::name);
}

const PrefixResolver& Resolvers::find(std::string_view key) const {
  for (const PrefixResolver& each : resolvers_) {
    if (key.starts_with(each.prefix)) return each;
  }
  return lww_;
}

const Resolver* Resolvers::native(std::string_view name) const {
  const auto found = std::ranges::lower_bound(functions_, name, {}, &Resolver::name);
  return found == functions_.end() || found->name() != name ? nullptr : &*found;
}

core::Hash128 Resolvers::score_fingerprint() const { return core::digest128(names_of(resolvers_)); }

core::Hash128 Resolvers::fingerprint() const {
  if (functions_.empty()) return score_fingerprint();
  std::string all;
  core::put_bytes(all, names_of(resolvers_));
  for (const Resolver& each : functions_) core::put_bytes(all, each.name());
  return core::digest128(all);
}

}  // namespace anabranch::rows
