#include "leader/replication_progress.h"

#include <algorithm>
#include <set>
#include <utility>

#include "transport/address.h"

namespace anabranch::leader {

using regions::Replica;

namespace {

using core::VersionVector;
using transport::PeerAddress;
using Peers = std::vector<PeerAddress>;

// Returns every region known here, this one included, and those met at the dialled addresses.
std::set<std::string> all_regions(const Replica& replica, const Peers& peers) {
  std::set<std::string> regions =
      regions::regions_known(replica.members().list(), replica.applied());
  for (const regions::Peer* peer : regions::leaders(replica.exchange().peers())) {
    regions.insert(peer->region);
  }
  regions.insert(replica.identity().region);
  for (const PeerAddress& peer : peers) {
    const std::string& met = replica.met().region_at(peer.address);
    if (peer.region.empty() && !met.empty()) regions.insert(met);
    if (!peer.region.empty() && replica.met().has_met(peer.region)) regions.insert(peer.region);
  }
  return regions;
}

// Returns the names of dialled peers that were never met: of their regions, where these are known.
std::set<std::string> never_met(const Replica& replica, const Peers& peers,
                                const std::set<std::string>& known) {
  std::set<std::string> names;
  for (const PeerAddress& peer : peers) {
    if (!peer.region.empty()) {
      if (!known.contains(peer.region)) names.insert(peer.region);
    } else if (replica.met().region_at(peer.address).empty()) {
      names.insert(peer.address);
    }
  }
  return names;
}

core::Result<Peers> parse(std::span<const std::string> texts) {
  Peers peers;
  for (const std::string& text : texts) {
    auto peer = transport::parse_peer(text);
    if (!peer.ok()) return peer.failure();
    peers.push_back(std::move(peer).value());
  }
  return peers;
}

bool has(const Replica& replica, const std::string& region, const VersionVector& seen,
         WriteConcern::Level level) {
  if (region != replica.identity().region || replica.exchange().follows()) {
    using Has = regions::LogKeeper::Has;
    const Has what = level == WriteConcern::Level::kDurable ? Has::kDurable : Has::kApplied;
    return replica.keeper().has(region, seen, what, replica.exchange());
  }
  const bool on_disk = level == WriteConcern::Level::kApplied || replica.state().all_durable();
  return on_disk && replica.applied().vector().includes(seen);
}

}  // namespace

core::Result<RegionNames> region_names(const Replica& replica, std::span<const std::string> peers) {
  const auto parsed = parse(peers);
  if (!parsed.ok()) return parsed.failure();
  RegionNames names{.known = all_regions(replica, parsed.value()), .unmet = {}};
  names.unmet = never_met(replica, parsed.value(), names.known);
  return names;
}

core::Result<ReplicationProgress> replication_progress(const Replica& replica,
                                                       std::span<const std::string> peers,
                                                       const VersionVector& seen,
                                                       const WriteConcern& concern) {
  const auto names = region_names(replica, peers);
  if (!names.ok()) return names.failure();
  std::set<std::string> regions = names.value().known;
  const std::set<std::string>& unmet = names.value().unmet;
  for (const std::string& named : concern.regions) {
    if (!regions.contains(named) && !unmet.contains(named))
      return core::invalid("there is no region '" + named + "'");
  }
  std::erase_if(regions, [&](const std::string& region) {
    return replica.members().list().retirement(region) != regions::Retirement::kNone;
  });
  regions.insert(concern.regions.begin(), concern.regions.end());  // Even retired ones.
  regions.insert(unmet.begin(), unmet.end());
  ReplicationProgress reached;
  for (const std::string& region : regions) {
    const bool has_all = !unmet.contains(region) && has(replica, region, seen, concern.level);
    (has_all ? reached.have : reached.lack).push_back(region);
  }
  reached.never_met.assign(unmet.begin(), unmet.end());
  const auto lacks = [&](const std::string& region) {
    return std::ranges::binary_search(reached.lack, region);
  };
  reached.met = reached.have.size() >= concern.count && !(concern.all && !reached.lack.empty()) &&
                std::ranges::none_of(concern.regions, lacks);
  return reached;
}

}  // namespace anabranch::leader
