#include "regions/clocks/passed_clocks.h"

#include <utility>

namespace anabranch::regions {

using core::VersionVector;

void PassedClocks::hear(core::Origin peer, Showing showing, const VersionVector& applied) {
  const auto waiting = waiting_.find(peer);
  if (waiting != waiting_.end()) {
    waiting->second.newest = std::move(showing);
  } else if (applied.includes(showing.applied)) {
    all_.join(showing.clocks);
  } else {
    waiting_.emplace(peer, Waiting{std::move(showing), {}});
  }
  look(applied);
}

void PassedClocks::look(const VersionVector& applied) {
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    Waiting& waiting = each->second;
    if (!applied.includes(waiting.oldest.applied)) {
      ++each;
      continue;
    }
    all_.join(waiting.oldest.clocks);
    if (waiting.newest) {
      waiting.oldest = *std::exchange(waiting.newest, std::nullopt);
    } else {
      each = waiting_.erase(each);
    }
  }
}

}  // namespace anabranch::regions
