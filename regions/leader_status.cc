#include "regions/leader_status.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace anabranch::regions {

namespace {

using core::VersionVector;

// Ops that `more` covers and `less` does not.
std::uint64_t ops_between(const VersionVector& more, const VersionVector& less) {
  std::uint64_t ops = 0;
  for (const auto& [origin, seq] : more) ops += seq - std::min(seq, less.at(origin));
  return ops;
}

// The address that was dialled for a peer; empty when it dialled us.
std::string dialled(const Exchange& exchange, const Peer& peer) {
  for (const auto& [id, link] : exchange.links()) {
    if (link.peer == peer.origin && !link.address.empty()) return link.address;
  }
  return {};
}

PeerStatus peer_status(const Peer& peer, const Replica& replica, core::Millis now) {
  const VersionVector& applied = replica.applied().vector();
  PeerStatus status;
  status.region = peer.region;
  status.address = dialled(replica.exchange(), peer);
  status.origin = core::to_string(peer.origin);
  status.connected = peer.connected();
  status.paused = replica.exchange().paused(peer);
  status.lag_ops = ops_between(applied, peer.applied);
  status.lag_ms = peer.behind_since_ms < 0 ? 0 : now - peer.behind_since_ms;
  status.behind_ops = ops_between(peer.applied, applied);
  if (!peer.out.trimmed().empty()) status.note = "lacks writes that the log no longer has";
  return status;
}

// Dialled addresses behind which no peer has been found.
void add_strangers(StoreStatus& status, const Options& options, const Exchange& exchange) {
  for (const std::string& address : options.peers) {
    const auto same = [&](const PeerStatus& peer) { return peer.address == address; };
    if (std::ranges::any_of(status.peers, same)) continue;
    PeerStatus peer;
    peer.address = address;
    peer.paused = exchange.paused(address);
    for (const auto& [id, link] : exchange.links()) {
      if (link.address == address && link.refused) peer.note = "refused: see the log";
    }
    status.peers.push_back(std::move(peer));
  }
}

}  // namespace

StoreStatus leader_status(const Replica& replica, const Options& options,
                          const storage::Storage& storage, const transport::Transport& transport,
                          const Resolvers& resolvers, core::Millis now) {
  StoreStatus status;
  status.region = options.region;
  status.origin = core::to_string(replica.identity().origin);
  status.mesh = options.mesh;
  status.endpoint = transport.endpoint();
  for (const auto& [origin, head] : replica.applied().heads()) {
    status.applied.push_back({core::to_string(origin), head.region, head.seq});
  }
  for (const auto& [origin, peer] : replica.exchange().peers()) {
    status.peers.push_back(peer_status(peer, replica, now));
  }
  add_strangers(status, options, replica.exchange());
  std::ranges::sort(status.peers, {},
                    [](const PeerStatus& peer) { return std::tie(peer.region, peer.address); });
  status.log_records = storage.last_position();
  status.held_batches = replica.held().size();
  status.resolver_failures = resolvers.failures();
  status.writable = !replica.broken();
  return status;
}

}  // namespace anabranch::regions
