#include "leader/members/roster.h"

#include <algorithm>
#include <utility>

#include "leader/members/own_card.h"
#include "regions/wire/reign.h"

namespace anabranch::leader {

using core::Millis;
using regions::MemberCard;

namespace {

bool leads(const MemberCard& card) {
  return card.role == MemberCard::Role::kLeads || card.role == MemberCard::Role::kLeaves;
}

}  // namespace

Roster::Roster(MemberCard own, Millis opened_ms, Millis promote_after_ms)
    : region_(own.region),
      own_(std::move(own)),
      cards_({.node = own_.node,
              .nonce = own_.nonce,
              .region = region_,
              .opened_ms = opened_ms,
              .promote_after_ms = promote_after_ms}) {}

bool Roster::look(regions::Replica& replica, const regions::Health& health, Millis now,
                  Millis steady_now) {
  const std::vector<CardLink> links = card_links(replica.exchange());
  const MemberCard before = own_;
  leader::show(own_, replica, health.drained, steady_now);
  fitness_.look(health, now);
  if (shown_) {
    show_candidate(*shown_);
    named_ = false;
  } else {
    show_state(replica, now);
    show_handover(replica, now);
    named_ = names_me(replica, now);
  }
  covered_ms_ = own_.lag_ms ? std::optional(now - *own_.lag_ms) : std::nullopt;
  replica.see_members(shown_members(now), known_reign(), now);
  cards_.see(links, now);
  const bool has_changed = own_.role != before.role || own_.flags != before.flags ||
                           own_.heir != before.heir || own_.reign != before.reign;
  if (has_changed) next_own_ms_ = now;
  return has_changed;
}

regions::Situation Roster::situation(const regions::Replica& replica, const regions::Health& health,
                                     Millis now, Millis steady_now) {
  fitness_.look(health, now);
  const std::size_t members = cards_.table().count(region_) + 1;
  auto times = regions::CandidacyTimes::of(promote_after_ms(), members);
  times.beat_ms = cards_.beat_ms();
  times.between_ms = 2 * times.beat_ms;
  const Sightings::Own own{.fit = fitness_.fit(), .drained = health.drained, .rank = own_.rank};
  return sightings_.look(replica, cards_.table(), own, times, now, steady_now);
}

void Roster::show_state(const regions::Replica& replica, Millis now) {
  const KnownCard* const leader = cards_.table().leader(region_, now);
  own_.end = end_of(replica, leader == nullptr ? nullptr : &leader->card);
  if (leads(own_)) {
    own_.lag_ms = 0;
  } else if (leader != nullptr) {
    lag_.hear(leader->card, leader->made_ms);
    lag_.look(replica.applied().vector());
    own_.lag_ms = lag_.lag_ms(now);
  }
  if (fitness_.fit() && own_.has(MemberCard::kFit)) {
    own_.flags |= promotable(replica, own_.lag_ms);
  }
}

void Roster::show_candidate(const regions::Candidacy::Shown& shown) {
  static_assert(static_cast<int>(MemberCard::Role::kSpare) ==
                static_cast<int>(regions::MemberRole::kSpare));
  own_.role = static_cast<MemberCard::Role>(shown.role);
  own_.reign = shown.reign;
  own_.known = shown.known;
  const std::uint64_t decided = MemberCard::kFit | MemberCard::kAble | MemberCard::kRipe |
                                MemberCard::kReach | MemberCard::kBlind;
  own_.flags &= ~decided;
  own_.flags |= (fitness_.fit() ? MemberCard::kFit : 0) | (shown.able ? MemberCard::kAble : 0) |
                (shown.ripe ? MemberCard::kRipe : 0) | (shown.reach ? MemberCard::kReach : 0) |
                (shown.blind ? MemberCard::kBlind : 0);
  own_.why = fitness_.fit() ? std::string() : std::string(fitness_.why());
  own_.end = {.reign = shown.end.reign,
              .origin = shown.end.origin,
              .applied = shown.end.applied,
              .durable = shown.end.durable};
  own_.lag_ms = shown.lag_ms;
  own_.heir = shown.heir;
}

std::vector<regions::ShownMember> Roster::shown_members(Millis now) const {
  std::vector<regions::ShownMember> members;
  for (const auto& [node, known] : cards_.table().rows()) {
    const MemberCard& card = known.card;
    if (card.region != region_) continue;
    const bool follows = card.role == MemberCard::Role::kFollows;
    members.push_back(
        {.node = node,
         .made_ms = known.made_ms,
         .ripe = follows && card.has(MemberCard::kRipe) && cards_.table().is_fresh(known, now),
         .origin = card.origin,
         .previous = card.previous,
         .formers = card.formers});
  }
  return members;
}

bool Roster::believes_reigns(const MemberCard& card) const {
  if (card.region != region_) return true;
  const std::uint64_t known = std::max(known_reign(), own_.known);
  return std::max(card.reign, card.known) <= known + regions::kReignStepMax;
}

std::uint64_t Roster::known_reign() const {
  std::uint64_t known = 0;
  for (const auto& [node, each] : cards_.table().rows()) {
    if (each.card.region == region_) known = std::max({known, each.card.known, each.card.reign});
  }
  return known;
}

void Roster::show_handover(const regions::Replica& replica, Millis now) {
  const KnownCard* const other = cards_.table().leader(region_, now);
  const bool follows = replica.exchange().follows();
  const bool is_led = other != nullptr && other->card.reign >= left_reign_;
  // The heir may have led, and left, between two looks.
  const bool is_taken = is_led || known_reign() > left_reign_;
  if (heir_ && (!follows || is_taken)) heir_.reset();
  own_.heir = heir_;
  if (heir_) own_.reign = left_reign_;
  if (leaves_ && !follows) own_.role = MemberCard::Role::kLeaves;
}

bool Roster::names_me(const regions::Replica& replica, Millis now) const {
  const std::uint64_t known = std::max(known_reign(), replica.members().known_reign());
  const KnownCard* const other = cards_.table().leader(region_, now);
  const bool is_led = other != nullptr && other->card.reign >= known;
  if (!replica.exchange().follows() || !own_.has(MemberCard::kFit) || heir_ || is_led) return false;
  return std::ranges::any_of(cards_.table().rows(), [&](const auto& row) {
    const MemberCard& card = row.second.card;
    return card.region == region_ && card.heir == own_.node && card.reign == known &&
           card.role == MemberCard::Role::kFollows && cards_.table().is_fresh(row.second, now);
  });
}

bool Roster::is_urgent(Millis now) const {
  return std::ranges::any_of(cards_.table().rows(), [&](const auto& row) {
    const MemberCard& card = row.second.card;
    // A former leader names its heir for as long as it follows: who leads has heard it.
    const bool names_me = card.heir == own_.node && !leads(own_);
    const bool is_over = card.role == MemberCard::Role::kLeaves || names_me;
    return card.region == region_ && is_over && cards_.table().is_fresh(row.second, now);
  });
}

bool Roster::takes_beat(Millis now) {
  if (now < next_own_ms_ || !cards_.sends()) return false;
  next_own_ms_ = now + cards_.beat_ms();
  return true;
}

std::string Roster::next_own(const core::VersionVector& applied, Millis now) {
  ++own_.number;
  if (leads(own_)) {
    // Whenever the owner has looked last.
    own_.end.applied = applied.at(own_.end.origin);
  } else {
    own_.lag_ms = lag_ms(now);
  }
  sent_ = {.reach = own_.has(MemberCard::kReach),
           .end = {own_.end.reign, own_.end.origin, own_.end.applied, own_.end.durable}};
  return regions::encode_card(own_);
}

void Roster::name_heir(const core::Hash128& node, std::uint64_t reign) {
  heir_ = node;
  left_reign_ = reign;
}

Millis Roster::promote_after_ms() const { return cards_.table().promote_after_ms(region_); }

std::optional<MemberCard> Roster::leader(Millis now) const {
  const KnownCard* const known = cards_.table().leader(region_, now);
  return known == nullptr ? std::nullopt : std::optional(known->card);
}

std::string Roster::name_of(const core::Hash128& node) const {
  const auto found = cards_.table().rows().find(node);
  return found == cards_.table().rows().end() ? core::to_string(node) : found->second.card.name;
}

std::optional<Millis> Roster::lag_ms(Millis now) const {
  return covered_ms_ ? std::optional(std::max<Millis>(now - *covered_ms_, 0)) : std::nullopt;
}

}  // namespace anabranch::leader
