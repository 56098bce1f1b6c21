// Part of Exchange: peers that an operator has paused. Names are regions or dialled addresses.
#include <algorithm>
#include <string>

#include "regions/exchange/exchange.h"

namespace anabranch::regions {

bool Exchange::paused(const Peer& peer) const {
  if (paused_.empty()) return false;
  return paused_.contains(peer.region) || std::ranges::any_of(peer.links, [&](LinkId id) {
           return paused_.contains(links_.at(id).address);
         });
}

bool Exchange::known(std::string_view name) const {
  return std::ranges::any_of(peers_,
                             [&](const auto& each) { return each.second.region == name; }) ||
         std::ranges::any_of(links_, [&](const auto& each) { return each.second.address == name; });
}

bool Exchange::pause(std::string_view name) {
  if (name.empty() || !known(name)) return false;
  paused_.emplace(name);
  return true;
}

bool Exchange::resume(std::string_view name) {
  const auto found = paused_.find(name);
  if (found == paused_.end() && !known(name)) return false;
  if (found != paused_.end()) paused_.erase(found);
  for (auto& [origin, peer] : peers_) {
    if (called(peer, name)) forget_pauses(peer);
    peer.in.stale = true;
    pump(peer);
  }
  subscribe_all();
  return true;
}

bool Exchange::called(const Peer& peer, std::string_view name) const {
  return peer.region == name ||
         std::ranges::any_of(peer.links, [&](LinkId id) { return links_.at(id).address == name; });
}

void Exchange::forget_pauses(const Peer& peer) {
  paused_.erase(peer.region);
  for (const LinkId id : peer.links) paused_.erase(links_.at(id).address);
}

}  // namespace anabranch::regions
