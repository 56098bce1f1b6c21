#include "server/resp/members/members_shown.h"

#include <tuple>

#include "server/address.h"

namespace anabranch::server {

std::string run_id(const MemberStatus& member) { return member.node + "00000000"; }

std::optional<Place> place_of(const MemberStatus& member, bool prefers_tls) {
  const bool has_tls = !member.announce_redis_tls.empty();
  const bool takes_tls = has_tls && (prefers_tls || member.announce_redis.empty());
  const std::string& text = takes_tls ? member.announce_redis_tls : member.announce_redis;
  if (text.empty()) return std::nullopt;
  auto address = parse_address(text);
  if (!address.ok()) return std::nullopt;
  return Place{std::move(address.value().host), address.value().port};
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

std::vector<const MemberStatus*> followers_of(const StoreStatus& status) {
  std::vector<const MemberStatus*> found;
  for (const MemberStatus& each : status.members) {
    const bool follows = each.role == "follows" || each.role == "starts";
    if (each.region == status.region && follows && place_of(each)) found.push_back(&each);
  }
  return found;
}

}  // namespace anabranch::server
