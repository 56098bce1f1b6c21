#include "leader/members/holders.h"

#include <algorithm>
#include <set>
#include <utility>

namespace anabranch::leader {

using core::Millis;
using core::Origin;
using regions::MemberCard;
using regions::RegionList;
using regions::Replica;
using Has = regions::LogKeeper::Has;

namespace {

KnownMember known_as(const MemberCard& card, bool fresh) {
  return {.node = card.node,
          .name = card.name,
          .region = card.region,
          .zone = card.zone,
          .origin = card.origin,
          .previous = card.previous,
          .end = card.end,
          .fresh = fresh};
}

bool is_retired(const RegionList& list, const std::string& region) {
  return list.retirement(region) != regions::Retirement::kNone;
}

// A member that is listed, and shows no card.
Holders::Member without_card(const std::string& region, Origin origin,
                             const regions::KnownOrigin& known) {
  constexpr std::size_t kDigits = 8;
  const bool has_node = known.node != core::Hash128{};
  const std::string id = has_node ? core::to_string(known.node) : core::to_string(origin);
  return {.name = region + "/" + id.substr(0, kDigits),
          .region = region,
          .zone = {},
          .origin = origin,
          .listed = true};
}

Holders::Far shown_by(const MemberCard::End& end, Origin own) {
  if (end.origin != own) return {};
  return {.applied = end.applied, .durable = end.durable};
}

Holders::Far far_of_own(const Replica& replica) {
  const Origin own = replica.identity().origin;
  return {.applied = replica.applied().vector().at(own),
          .durable = replica.state().durable_state().vector().at(own)};
}

}  // namespace

std::vector<KnownMember> known_members(const CardTable& cards, const MemberCard& own, Millis now) {
  std::vector<KnownMember> all{known_as(own, true)};
  for (const auto& [node, known] : cards.rows()) {
    if (node != own.node) all.push_back(known_as(known.card, cards.is_fresh(known, now)));
  }
  return all;
}

void Holders::look(const Replica& replica, const FindMembers& find_members,
                   const FindRegions& find_regions, Millis steady_now) {
  const Origin own = replica.identity().origin;
  if (steady_now >= next_ms_ || own != origin_) {
    next_ms_ = steady_now + kNamesMs;
    origin_ = own;
    look_who(replica, find_members());
    look_at_regions(replica, find_regions());
  }
  look_how_far(replica);
}

void Holders::look_how_far(const Replica& replica) {
  const regions::LogKeeper& keeper = replica.keeper();
  const regions::Exchange& exchange = replica.exchange();
  const auto of_member = [&](const Member& member, Has what, core::Seq shown) {
    return keeper.reached(member.origin, origin_, what, exchange, shown);
  };
  const auto of_region = [&](const Region& region, Has what) {
    return keeper.reached(region.name, origin_, what, exchange);
  };
  const Far own = far_of_own(replica);
  const std::string& own_region = members_.front().region;
  for (Member& member : members_) {
    member.far = {.applied = of_member(member, Has::kApplied, member.shown.applied),
                  .durable = of_member(member, Has::kDurable, member.shown.durable)};
    if (member.self) member.far = own;
  }
  for (Region& region : regions_) {
    if (!region.met) continue;
    region.far = {.applied = of_region(region, Has::kApplied),
                  .durable = of_region(region, Has::kDurable)};
    if (region.name == own_region && !exchange.follows()) region.far = own;
  }
}

void Holders::look_who(const Replica& replica, const std::vector<KnownMember>& known) {
  const RegionList& list = replica.members().list();
  members_.clear();
  std::set<Origin> lines;  // Of those that have cards.
  std::set<core::Hash128> nodes;
  for (const KnownMember& each : known) {
    const Origin line = list.line(each.region, each.origin, each.previous);
    if (line != 0) lines.insert(line);
    nodes.insert(each.node);
    const bool waited = !is_retired(list, each.region);
    const bool counts =
        list.counts(each.region, each.origin) || list.counts(each.region, each.previous);
    members_.push_back({.name = each.name,
                        .region = each.region,
                        .zone = each.zone,
                        .origin = each.origin,
                        .shown = shown_by(each.end, origin_),
                        .self = members_.empty(),
                        .fresh = each.fresh && waited,
                        .listed = counts && waited});
  }
  for (const auto& [region, of_region] : list.all()) {
    if (is_retired(list, region)) continue;
    for (const auto& [origin, named] : of_region.origins) {
      if (!list.counts(region, origin) || lines.contains(list.line(origin))) continue;
      if (named.node != core::Hash128{} && nodes.contains(named.node)) continue;
      members_.push_back(without_card(region, origin, named));
    }
  }
}

void Holders::look_at_regions(const Replica& replica, const RegionNames& names) {
  regions_.clear();
  for (const std::string& name : names.known) {
    if (!is_retired(replica.members().list(), name)) regions_.push_back({.name = name});
  }
  for (const std::string& name : names.unmet) regions_.push_back({.name = name, .met = false});
  std::ranges::sort(regions_, {}, &Region::name);
}

}  // namespace anabranch::leader
