#include "regions/exchange/seen_followers.h"

#include <utility>

#include "storage/layout.h"

namespace anabranch::regions {

core::Result<void> SeenFollowers::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kFollowerPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view origin = cursor->key().substr(prefix.size());
    if (origin.size() != sizeof(core::Origin)) return core::corrupt("the origin of a follower");
    all_.insert(storage::from_big_endian(origin));
  }
  return {};
}

void SeenFollowers::look(const Peers& peers, std::string_view region) {
  for (const auto& [origin, peer] : peers) {
    if (!peer.follows || peer.region != region || all_.size() >= kMax) continue;
    if (all_.insert(origin).second) changed_.push_back(origin);
  }
}

std::vector<core::Origin> SeenFollowers::may_have(core::Origin origin, core::Seq behind,
                                                  const Peers& peers) const {
  std::vector<core::Origin> may;
  for (const core::Origin follower : all_) {
    const auto peer = peers.find(follower);
    if (peer == peers.end() || peer->second.applied.at(origin) > behind) may.push_back(follower);
  }
  return may;
}

void SeenFollowers::record(Commit& commit) {
  for (const core::Origin origin : std::exchange(changed_, {})) {
    commit.changes.set(storage::Table::kMeta, storage::follower_key(origin), std::string());
  }
}

}  // namespace anabranch::regions
