// The card of this member: a fixed part for the opening, and the state of its replica.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/options.h>

#include "core/hlc.h"
#include "leader/members/cards.h"
#include "regions/members/fitness.h"
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

// How well the replica is, for fitness.h.
[[nodiscard]] regions::Health health_of(const regions::Replica& replica, bool draining);

// How far the replica is; `leader` is the card of its region's leader, null while none is known.
[[nodiscard]] regions::MemberCard::End end_of(const regions::Replica& replica,
                                              const regions::MemberCard* leader);

// A member that lags behind its leader by more is not promoted: its clients would be thrown back by
// as much.
constexpr core::Millis kLagMsMax = 30'000;

// The flags of a fit member, kRipe and kAble, as far as it may be promoted.
[[nodiscard]] std::uint64_t promotable(const regions::Replica& replica,
                                       std::optional<core::Millis> lag_ms);

// The links of a replica to peers that have greeted.
[[nodiscard]] std::vector<CardLink> card_links(const regions::Exchange& exchange);

}  // namespace anabranch::leader
