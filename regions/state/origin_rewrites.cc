#include "regions/state/origin_rewrites.h"

#include <algorithm>
#include <string>

#include "storage/layout.h"

namespace anabranch::regions {

using core::Origin;
using core::VersionVector;

Origin rewritten_origin(Origin origin, const core::ChainHash& first, std::string_view region) {
  std::string bytes = "anabranch image 1" + storage::big_endian(origin);
  bytes.append(first.begin(), first.end()).append(region);
  const core::ChainHash hash = core::chain_hash(bytes);
  const Origin name = storage::from_big_endian(
      std::string_view(reinterpret_cast<const char*>(hash.data()), sizeof(Origin)));
  return std::max<Origin>(name, 1);
}

const RewrittenOrigin* OriginRewrites::find(Origin origin) const {
  const auto found = rewritten_.find(origin);
  return found == rewritten_.end() ? nullptr : &found->second;
}

bool OriginRewrites::concerns(const VersionVector& vector) const {
  return std::ranges::any_of(
      rewritten_, [&](const auto& each) { return vector.at(each.first) > each.second.after; });
}

VersionVector OriginRewrites::of(const VersionVector& vector) const {
  VersionVector renamed;
  for (const auto& [origin, seq] : vector) {
    const RewrittenOrigin* const rewritten = find(origin);
    if (rewritten == nullptr || seq <= rewritten->after) {
      renamed.raise(origin, seq);
      continue;
    }
    renamed.raise(origin, rewritten->after);
    renamed.raise(rewritten->origin, seq - rewritten->minus);
  }
  return renamed;
}

VersionVector bounded(const VersionVector& vector, const VersionVector& bound) {
  VersionVector result;
  for (const auto& [origin, seq] : vector) result.set(origin, std::min(seq, bound.at(origin)));
  return result;
}

}  // namespace anabranch::regions
