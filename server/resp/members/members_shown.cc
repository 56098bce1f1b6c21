#include "server/resp/members/members_shown.h"

#include <tuple>

#include "server/address.h"

namespace anabranch::server {
namespace {

std::optional<Place> parse_place(const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto address = parse_address(text);
  if (!address.ok()) return std::nullopt;
  return Place{std::move(address.value().host), address.value().port};
}

}  // namespace

std::string run_id(const MemberStatus& member) { return member.node + "00000000"; }

std::optional<Place> place_of(const MemberStatus& member, bool prefers_tls) {
  const bool has_tls = !member.announce_redis_tls.empty();
  const bool takes_tls = has_tls && (prefers_tls || member.announce_redis.empty());
  return parse_place(takes_tls ? member.announce_redis_tls : member.announce_redis);
}

std::optional<Place> sentinel_place_of(const MemberStatus& member) {
  return parse_place(member.announce_sentinel);
}

const MemberStatus* leader_of(const StoreStatus& status, bool fresh) {
  const auto claim = [](const MemberStatus& each) {
    return std::tuple(~each.reign, each.blind, each.rank, each.node);
  };
  const MemberStatus* found = nullptr;
  for (const MemberStatus& each : status.members) {
    const bool leads = each.role == "leads" || each.role == "leaves";
    if (each.region != status.region || !leads || (fresh && !each.fresh)) continue;
    if (found == nullptr || claim(each) < claim(*found)) found = &each;
  }
  return found;
}

std::pair<const MemberStatus*, std::optional<Place>> known_leader(const StoreStatus& status) {
  const MemberStatus* leader = leader_of(status);
  if (leader == nullptr) leader = leader_of(status, false);
  return {leader, leader == nullptr ? std::nullopt : place_of(*leader)};
}

std::vector<const MemberStatus*> sentinels_of(const StoreStatus& status) {
  std::vector<const MemberStatus*> found;
  for (const MemberStatus& each : status.members) {
    if (each.region != status.region || each.self) continue;
    if (sentinel_place_of(each)) found.push_back(&each);
  }
  return found;
}

std::vector<const MemberStatus*> followers_of(const StoreStatus& status) {
  std::vector<const MemberStatus*> found;
  for (const MemberStatus& each : status.members) {
    const bool follows = each.role == "follows" || each.role == "starts";
    if (each.region == status.region && follows && place_of(each)) found.push_back(&each);
  }
  return found;
}

}  // namespace anabranch::server
