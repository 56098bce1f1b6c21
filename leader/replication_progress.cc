#include "leader/replication_progress.h"

#include <algorithm>
#include <set>
#include <utility>

namespace anabranch::leader {

using regions::Replica;

namespace {

using core::VersionVector;

// Returns every region known here, this one included.
std::set<std::string> all_regions(const Replica& replica) {
  std::set<std::string> regions =
      regions::regions_known(replica.members().list(), replica.applied());
  for (const regions::Peer* peer : regions::leaders(replica.exchange().peers())) {
    regions.insert(peer->region);
  }
  regions.insert(replica.identity().region);
  return regions;
}

VersionVector shown_by(const Replica& replica, const std::string& region,
                       WriteConcern::Level level) {
  VersionVector shown = replica.keeper().durable(region, replica.exchange());
  if (level == WriteConcern::Level::kDurable) return shown;
  const regions::Exchange& exchange = replica.exchange();
  for (const regions::Peer* peer : regions::leaders_of(region, exchange.peers())) {
    if (replica.members().list().succeeded(peer->origin)) continue;
    shown.join(exchange.forks().shared(peer->origin, peer->applied));
  }
  return shown;
}

bool has(const Replica& replica, const std::string& region, const VersionVector& seen,
         WriteConcern::Level level) {
  if (region != replica.identity().region || replica.exchange().follows()) {
    return shown_by(replica, region, level).includes(seen);
  }
  const bool on_disk = level == WriteConcern::Level::kApplied || replica.state().all_durable();
  return on_disk && replica.applied().vector().includes(seen);
}

}  // namespace

core::Result<ReplicationProgress> replication_progress(const Replica& replica,
                                                       const VersionVector& seen,
                                                       const WriteConcern& concern) {
  std::set<std::string> regions = all_regions(replica);
  for (const std::string& named : concern.regions) {
    if (!regions.contains(named)) return core::invalid("there is no region '" + named + "'");
  }
  std::erase_if(regions, [&](const std::string& region) {
    return replica.members().list().retirement(region) != regions::Retirement::kNone;
  });
  regions.insert(concern.regions.begin(), concern.regions.end());  // Even retired ones.
  ReplicationProgress reached;
  for (const std::string& region : regions) {
    (has(replica, region, seen, concern.level) ? reached.have : reached.lack).push_back(region);
  }
  const auto lacks = [&](const std::string& region) {
    return std::ranges::binary_search(reached.lack, region);
  };
  reached.met = reached.have.size() >= concern.count && !(concern.all && !reached.lack.empty()) &&
                std::ranges::none_of(concern.regions, lacks);
  return reached;
}

}  // namespace anabranch::leader
