#include "leader/link_log.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "transport/log_peer.h"

namespace anabranch::leader {

namespace {

std::string name_of(const regions::Peer& peer) {
  return (peer.follows ? "a follower of region " : "region ") + peer.region + " (origin " +
         core::to_string(peer.origin) + ")";
}

// Returns the address dialled for a connected peer; empty if the peer dialled this leader.
std::string dialled(const regions::Exchange& exchange, const regions::Peer& peer) {
  for (const auto& [id, link] : exchange.links().all()) {
    if (link.peer == peer.origin && !link.address.empty()) return link.address;
  }
  return {};
}

std::string seconds(core::Millis time) {
  return std::to_string(time / 1000) + "." + std::to_string(time % 1000 / 100) + " s";
}

}  // namespace

void LinkLog::look(const regions::Exchange& exchange, const core::VersionVector& applied,
                   core::Millis now, regions::LinkId broken) {
  std::erase_if(peers_, [&](const auto& each) { return !exchange.peers().contains(each.first); });
  for (const auto& [origin, peer] : exchange.peers()) {
    Known& known = peers_[origin];
    if (std::exchange(known.connected, peer.connected()) != peer.connected()) {
      known.since_ms = now;
      if (peer.connected()) meet(known, exchange, peer, applied, now);
    }
    if (known.connected != known.said_connected) say(known, peer, now);
    if (known.connected && known.catching_up) say_caught_up(known, peer, applied, now);
    if (std::ranges::count(peer.links, broken) > 0) known.breaks.note(now);
  }
}

void LinkLog::meet(Known& known, const regions::Exchange& exchange, const regions::Peer& peer,
                   const core::VersionVector& applied, core::Millis now) {
  known.address = dialled(exchange, peer);
  known.since_ms = now;
  known.catching_up = true;
  known.there = peer.applied;
  known.here = applied;
  known.ops = peer.applied.ops_beyond(applied) + applied.ops_beyond(peer.applied);
}

void LinkLog::say(Known& known, const regions::Peer& peer, core::Millis now) const {
  if (now - known.said_ms < kPauseMs) return;
  const transport::LogPeer about(peer.region);
  known.said_ms = now;
  known.said_connected = known.connected;
  const std::string broken = breaks_of(known, now);
  const std::string tail = broken.empty() ? broken : "; " + broken;
  if (!known.connected) return core::log_info(region_, name_of(peer) + " is gone" + tail);
  const std::string how = known.address.empty() ? "it dialled this leader" : known.address;
  core::log_info(region_, name_of(peer) + " is connected (" + how + "); " +
                              std::to_string(known.there.ops_beyond(known.here)) +
                              " of its writes lack here and " +
                              std::to_string(known.here.ops_beyond(known.there)) +
                              " of those here lack there" + tail);
}

void LinkLog::say_caught_up(Known& known, const regions::Peer& peer,
                            const core::VersionVector& applied, core::Millis now) const {
  if (!known.said_connected || !applied.includes(known.there)) return;
  if (!peer.applied.includes(known.here)) return;
  known.catching_up = false;
  known.there = known.here = {};
  const transport::LogPeer about(peer.region);
  core::log_info(region_, name_of(peer) +
                              " and this leader have caught up: " + std::to_string(known.ops) +
                              " writes in " + seconds(now - known.since_ms));
}

std::string LinkLog::breaks_of(const Known& known, core::Millis now) {
  const std::size_t count = known.breaks.count(now);
  if (count < kManyBreaks) return {};
  return "its link has broken " + std::to_string(count) + " times in the last ten minutes";
}

std::string LinkLog::breaks(core::Origin peer, core::Millis now) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::string() : breaks_of(found->second, now);
}

core::Millis LinkLog::away_ms(core::Origin peer, core::Millis now) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() || found->second.connected ? 0 : now - found->second.since_ms;
}

bool LinkLog::catching_up(core::Origin peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() || !found->second.connected || found->second.catching_up;
}

std::string LinkLog::address(core::Origin peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::string() : found->second.address;
}

}  // namespace anabranch::leader
