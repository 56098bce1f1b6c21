// The members of the own region, as clients ask for them: by ROLE, INFO, SENTINEL and CLUSTER.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/status.h>

namespace anabranch::server {

// Where a member says that clients reach it.
struct Place {
  std::string host;
  std::int64_t port = 0;
};

// Returns the address that a member announces for clients without TLS, else that for clients with
// it, or, with `prefers_tls`, the other way round; nullopt where it announces none.
std::optional<Place> place_of(const MemberStatus& member, bool prefers_tls = false);

// Returns the name of a member for clients of Sentinel and Cluster: Redis has 40 digits, a node 32.
std::string run_id(const MemberStatus& member);

// Returns the leader of the region that clients are sent to: of those that lead, or give the lead
// away just now, the one with the greatest reign, then one that is not blind, then the smallest
// rank and node. Null while nobody is known to lead. `fresh` alone: not one whose card is old.
const MemberStatus* leader_of(const StoreStatus& status, bool fresh = true);

// Returns the leader, also one that is not heard any more as long as no other is known, and the
// address that it announces; null and nullopt where there is none.
std::pair<const MemberStatus*, std::optional<Place>> known_leader(const StoreStatus& status);

// Returns the other members of the region at which clients find a Sentinel, and where that is.
std::vector<const MemberStatus*> sentinels_of(const StoreStatus& status);
std::optional<Place> sentinel_place_of(const MemberStatus& member);

// Returns the other members of the region that follow and announce an address.
std::vector<const MemberStatus*> followers_of(const StoreStatus& status);

}  // namespace anabranch::server
