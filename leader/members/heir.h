// The member that is handed the lead of its region: the one that an operator names, or the first of
// those that can take it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/dot.h"
#include "core/hash.h"
#include "core/result.h"
#include "leader/members/card_table.h"
#include "regions/exchange/peer.h"
#include "regions/wire/member_card.h"

namespace anabranch::leader {

struct Heir {
  core::Hash128 node;
  std::string name;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;  // Of its opening.
};

// Returns the peer that an heir is at the end of a direct link; null while there is none.
[[nodiscard]] const regions::Peer* peer_of(const Heir& heir, const regions::Peers& peers);

// Returns the heir of the member whose card is `own`; `called` is a name or a node, or empty for
// the first in the order: those that another region reaches, then the smaller rank, then the node.
// An heir shows fresh cards that say that it follows, is fit, and is at most kLagMsMax behind; and
// a direct link leads to it, as nobody else can tell when it has all. Fails with kInvalid, with a
// sentence that tells the remedy, where there is none.
[[nodiscard]] core::Result<Heir> choose_heir(const CardTable& cards, const regions::MemberCard& own,
                                             const regions::Peers& peers, std::string_view called,
                                             core::Millis now);

}  // namespace anabranch::leader
