// Tells the transport of dialled links that lead to the wrong place, and of those that may: two
// addresses of one leader, of which one may have been meant for another, and a link that is
// refused. A second link to one leader is no reason to hang up: both sides dial in most meshes.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>

#include "core/dot.h"
#include "regions/exchange/exchange.h"
#include "transport/transport.h"

namespace anabranch::leader {

class LinkPlaces {
 public:
  void look(const regions::Exchange& exchange, transport::Transport& transport) {
    std::erase_if(told_, [&](regions::LinkId id) { return exchange.links().find(id) == nullptr; });
    std::map<core::Origin, std::size_t> dialled;
    for (const auto& [id, link] : exchange.links().all()) {
      if (!link.address.empty() && link.peer != 0) ++dialled[link.peer];
    }
    for (const auto& [id, link] : exchange.links().all()) {
      if (link.address.empty() || told_.contains(id)) continue;
      if (link.misled) {
        transport.redial(id, link.why_refused);
      } else if (link.refused || (link.peer != 0 && dialled[link.peer] > 1)) {
        transport.doubt(id);
      } else {
        continue;
      }
      told_.insert(id);
    }
  }

 private:
  std::set<regions::LinkId> told_;  // Links of which the transport knows.
};

}  // namespace anabranch::leader
