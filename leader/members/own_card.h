// The card of this member: a fixed part for the opening, and the state of its replica.
#pragma once

#include <string>
#include <vector>

#include <anabranch/options.h>

#include "core/hlc.h"
#include "leader/members/cards.h"
#include "regions/replica.h"
#include "regions/wire/member_card.h"

namespace anabranch::leader {

// The name of a member without Options::node_name: the host's, and the port of `endpoint`, where
// other leaders connect; without one the first digits of the node.
[[nodiscard]] std::string usual_name(const std::string& endpoint, const core::Hash128& node);

// The card as it stays; `nonce` is that of the opening's greetings.
[[nodiscard]] regions::MemberCard fixed_card(const Options& options,
                                             const regions::Identity& identity, std::uint64_t nonce,
                                             const std::string& endpoint);

// Writes the state of the replica into a card. `steady_now` is a time of the replica's clock.
void show(regions::MemberCard& card, const regions::Replica& replica, bool draining,
          core::Millis steady_now);

// The links of a replica to peers that have greeted.
[[nodiscard]] std::vector<CardLink> card_links(const regions::Exchange& exchange);

}  // namespace anabranch::leader
