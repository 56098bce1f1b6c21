#include "leader/members/sightings.h"

#include <algorithm>
#include <utility>

namespace anabranch::leader {

using core::Millis;
using regions::MemberCard;
using regions::MemberRole;
using regions::Replica;
using regions::SeenCard;
using regions::SeenLink;
using regions::Situation;

namespace {

// Cards come each beat, and heartbeats each second: so many lie between two heartbeats.
constexpr std::size_t kPastMax = 32;
constexpr Millis kSuspendedMs = 100;  // Less is the time between two readings.

MemberRole role_of(const MemberCard& card) {
  switch (card.role) {
    case MemberCard::Role::kStarts:
      return MemberRole::kStarts;
    case MemberCard::Role::kFollows:
      return MemberRole::kFollows;
    case MemberCard::Role::kLeads:
      return MemberRole::kLeads;
    case MemberCard::Role::kLeaves:
      return MemberRole::kLeaves;
    case MemberCard::Role::kSpare:
      break;
  }
  return MemberRole::kSpare;  // Or one of a newer version.
}

SeenCard seen(const KnownCard& known, const std::string& region) {
  const MemberCard& card = known.card;
  return {.node = card.node,
          .opening = card.opening,
          .number = card.number,
          .made_ms = known.made_ms,
          .of_own_region = card.region == region,
          .role = role_of(card),
          .reign = card.reign,
          .known = std::max(card.known, card.reign),
          .blind = card.has(MemberCard::kBlind),
          .fit = card.has(MemberCard::kFit),
          .able = card.has(MemberCard::kAble),
          .reach = card.has(MemberCard::kReach),
          .rank = card.rank,
          .origin = card.origin,
          .end = {.reign = card.end.reign,
                  .origin = card.end.origin,
                  .applied = card.end.applied,
                  .durable = card.end.durable},
          .heir = card.heir};
}

// When a member of another region was last heard, by the replica's clock.
std::optional<Millis> heard_abroad_ms(const Replica& replica) {
  const regions::Links& links = replica.exchange().links();
  std::optional<Millis> newest;
  for (const auto& [id, link] : links.all()) {
    const regions::Peer* const peer = links.peer_at(id);
    const bool is_abroad = peer != nullptr && peer->region != links.self().region;
    if (!is_abroad || !link.beat) continue;
    newest = std::max(newest.value_or(link.beat->heard_ms), link.beat->heard_ms);
  }
  return newest;
}

bool is_paused(const Replica& replica) {
  const regions::Links& links = replica.exchange().links();
  return std::ranges::any_of(replica.exchange().peers(), [&](const auto& each) {
    return each.second.region == links.self().region && links.paused(each.second);
  });
}

regions::OwnState own_state(const Replica& replica, const Sightings::Own& own) {
  const regions::Identity& self = replica.identity();
  const regions::RegionList& list = replica.members().list();
  const regions::ReignRow row = list.newest_reign(self.region);
  regions::OwnState state{.node = self.node,
                          .rank = own.rank,
                          .origin = self.origin,
                          .applied = replica.applied().vector(),
                          .durable = replica.state().durable_state().vector(),
                          .fit = own.fit,
                          .listed = replica.members().is_listed(),
                          .region_origins = {self.origin},
                          .row_reign = row.reign,
                          .row_origin = row.origin,
                          .own_row_reign = list.reign_in(self.region, self.origin)};
  state.eligible = replica.promote_after_ms() > 0 && !own.drained && !is_paused(replica) &&
                   !list.lost(self.region, self.origin) &&
                   list.retirement(self.region) == regions::Retirement::kNone;
  const auto region = list.all().find(self.region);
  if (region == list.all().end()) return state;
  for (const auto& [origin, known] : region->second.origins) {
    if (origin != self.origin) state.region_origins.push_back(origin);
    const bool is_kin = known.node != core::Hash128{} && known.node != self.node;
    if (is_kin && list.counts(self.region, origin)) state.kin.push_back(known.node);
  }
  return state;
}

// Members show nothing of settled origins, as all have these.
void add_settled(SeenLink& link, const Replica& replica) {
  for (const auto& [origin, seq] : replica.applied().vector()) {
    if (!replica.members().settled().contains(origin)) continue;
    link.applied.raise(origin, seq);
    link.durable.raise(origin, seq);
  }
}

}  // namespace

Situation Sightings::look(const Replica& replica, const CardTable& cards, const Own& own,
                          const regions::CandidacyTimes& times, Millis now, Millis steady_now) {
  note_suspension(now, steady_now);
  Situation at{.now_ms = now, .times = times, .own = own_state(replica, own)};
  if (const auto heard = heard_abroad_ms(replica)) at.own.abroad_ms = now - (steady_now - *heard);
  std::erase_if(members_, [&](const auto& each) { return !cards.rows().contains(each.first); });
  for (const auto& [node, known] : cards.rows()) {
    at.cards.push_back(seen(known, replica.identity().region));
    note(known);
  }
  add_links(at, replica, steady_now);
  return at;
}

void Sightings::note_suspension(Millis now, Millis steady_now) {
  const Millis ahead = now - steady_now;
  if (ahead_ms_ && ahead - *ahead_ms_ > kSuspendedMs) awake_ms_ = steady_now;
  ahead_ms_ = ahead;
}

void Sightings::note(const KnownCard& known) {
  Member& member = members_[known.card.node];
  if (member.nonce != known.card.nonce) member = {};
  member.nonce = known.card.nonce;
  if (!member.past.empty() && known.made_ms <= member.past.back().made_ms) return;
  member.past.push_back({.made_ms = known.made_ms,
                         .role = role_of(known.card),
                         .able = known.card.has(MemberCard::kAble),
                         .lag_ms = known.card.lag_ms});
  if (member.past.size() > kPastMax) member.past.pop_front();
}

void Sightings::note(Member& member, const regions::Link::Answer& answer, Millis now,
                     Millis steady_now) {
  if (answer.asked_ms <= member.asked_ms || answer.asked_ms < awake_ms_) return;
  member.asked_ms = answer.asked_ms;
  SeenLink& link = member.link;
  link = {};
  link.built_ms = now - (steady_now - answer.built_ms);
  const auto is_before = [&](const Past& past) { return past.made_ms <= link.built_ms; };
  const auto last = std::ranges::find_if(member.past.rbegin(), member.past.rend(), is_before);
  if (last == member.past.rend()) return;
  link.role = last->role;
  link.able = last->able;
  if (last->lag_ms) link.lag_ms = *last->lag_ms + (link.built_ms - last->made_ms);
}

void Sightings::add_links(Situation& at, const Replica& replica, Millis steady_now) {
  const regions::Links& links = replica.exchange().links();
  for (auto& [node, member] : members_) {
    const auto is_it = [nonce = member.nonce](const auto& each) {
      return each.second.nonce == nonce;
    };
    const auto found = std::ranges::find_if(replica.exchange().peers(), is_it);
    if (found == replica.exchange().peers().end() || !found->second.connected()) continue;
    const regions::Peer& peer = found->second;
    for (const regions::LinkId id : peer.links) {
      const regions::Link* const link = links.find(id);
      if (link != nullptr && link->answer) note(member, *link->answer, at.now_ms, steady_now);
    }
    if (member.asked_ms < 0) continue;
    SeenLink link = member.link;
    link.node = node;
    link.of_own_region = peer.region == links.self().region;
    link.applied = peer.applied;
    link.durable = peer.durable;
    if (link.of_own_region) add_settled(link, replica);
    at.links.push_back(std::move(link));
  }
}

}  // namespace anabranch::leader
