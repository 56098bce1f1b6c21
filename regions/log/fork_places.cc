#include "regions/log/fork_places.h"

#include <algorithm>
#include <string>

namespace anabranch::regions {

using core::Origin;
using core::Seq;

core::Result<void> ForkPlaces::load(const storage::Snapshot& snapshot) {
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  const std::string_view prefix = storage::kForkPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view place = cursor->key().substr(prefix.size());
    if (place.size() != 2 * kNumber || cursor->value().size() != kNumber) {
      return core::corrupt("the place of a fork cannot be read");
    }
    common_[{storage::from_big_endian(place.substr(0, kNumber)),
             storage::from_big_endian(place.substr(kNumber))}] =
        storage::from_big_endian(cursor->value());
  }
  return {};
}

void ForkPlaces::look(const Forks& forks, const std::function<bool(Origin leader)>& counts) {
  std::erase_if(common_, [&](const auto& each) {
    const auto [leader, origin] = each.first;
    const bool ended = !counts(leader) || forks.equal(leader, origin);
    if (ended) changed_.insert(each.first);
    return ended;
  });
  for (const auto& [origin, by_leader] : forks.all()) {
    for (const auto& [leader, fork] : by_leader) {
      const Place place(leader, origin);
      const auto [known, fresh] = common_.try_emplace(place, fork.common);
      if (!fresh && known->second == fork.common) continue;
      known->second = fork.common;
      changed_.insert(place);
    }
  }
}

core::VersionVector ForkPlaces::shared(Origin leader, const core::VersionVector& shown) const {
  const auto first = common_.lower_bound({leader, 0});
  if (first == common_.end() || first->first.first != leader) return shown;  // Nearly always.
  core::VersionVector shared;
  for (const auto& [origin, seq] : shown) {
    const auto place = common_.find({leader, origin});
    shared.raise(origin, place == common_.end() ? seq : std::min(seq, place->second));
  }
  return shared;
}

storage::Changes ForkPlaces::take_changes() {
  storage::Changes changes;
  for (const Place& place : std::exchange(changed_, {})) {
    const auto known = common_.find(place);
    changes.set(
        storage::Table::kMeta, storage::fork_key(place.first, place.second),
        known == common_.end() ? std::nullopt : std::optional(storage::big_endian(known->second)));
  }
  return changes;
}

}  // namespace anabranch::regions
