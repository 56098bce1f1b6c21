// Part of Exchange: batches that a full hold buffer did not take. Later batches of the same origin
// in that stream come in vain, so the origin is asked for again as soon as the dropped batch is
// next.
#include <algorithm>

#include "core/mark.h"
#include "regions/exchange/exchange.h"

namespace anabranch::regions {

using core::mark;
using core::Origin;

void Exchange::dropped(LinkId link, std::uint64_t stream, Origin origin, core::Seq first) {
  const auto found = peers_.find(peer(link));
  if (found == peers_.end()) return;
  InStream& in = found->second.in;
  if (in.id == stream && in.has(origin)) in.dropped.try_emplace(origin, first);
}

void Exchange::ask_for_dropped() {
  bool any = false;
  for (auto& [peer_origin, peer] : peers_) {
    const bool lacking = std::ranges::any_of(peer.in.dropped, [&](const auto& each) {
      return applied_.vector().at(each.first) + 1 >= each.second;
    });
    if (!lacking) continue;
    mark<"what had no room is asked for again">();
    peer.in.dropped.clear();
    peer.in.stale = any = true;
  }
  if (any) subscribe_all();
}

}  // namespace anabranch::regions
