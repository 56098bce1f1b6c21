#include "regions/members/candidacy.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/wire/reign.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::planted;

namespace {

const SeenCard* find_card(const std::vector<const SeenCard*>& mates, const core::Hash128& node) {
  const auto card = std::ranges::find(mates, node, &SeenCard::node);
  return card == mates.end() ? nullptr : *card;
}

bool one_leads(const std::vector<const SeenCard*>& mates) {
  return std::ranges::any_of(mates, holds_lead, &SeenCard::role);
}

bool fit_one_leads(const std::vector<const SeenCard*>& mates) {
  return std::ranges::any_of(
      mates, [](const SeenCard* card) { return holds_lead(card->role) && card->fit; });
}

}  // namespace

// Of two leaders the one with the greater claim stays.
struct Candidacy::Claim {
  std::uint64_t reign = 0;
  bool full = false;
  std::uint64_t rank = 0;
  core::Hash128 node;

  static Claim of(const SeenCard& card) {
    return {.reign = card.reign, .full = !card.blind, .rank = card.rank, .node = card.node};
  }
  bool operator<(const Claim& other) const {
    const bool reigns = !planted(Bug::kCompareNoReigns);
    if (reigns && reign != other.reign) return reign < other.reign;
    if (full != other.full) return other.full;
    return std::tie(other.rank, other.node) < std::tie(rank, node);
  }
};

// The least place leads first.
struct Candidacy::Place {
  bool unreached = false;
  std::uint64_t reign_after = 0;  // The greater the later its reign.
  core::Origin origin = 0;
  core::Seq behind = 0;  // The greater the less it has of that origin.
  std::uint64_t rank = 0;
  core::Hash128 node;
  auto operator<=>(const Place&) const = default;

  // Positions are compared within one origin alone: the greater one of another origin says nothing.
  static Place of(bool unreached, const OriginEnd& end, std::uint64_t rank,
                  const core::Hash128& node) {
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    const core::Seq at = planted(Bug::kOrderByApplied) ? end.applied : end.durable;
    const bool mixed = planted(Bug::kMixEnds);
    return {.unreached = unreached,
            .reign_after = mixed ? 0 : kMax - end.reign,
            .origin = mixed ? 0 : end.origin,
            .behind = kMax - at,
            .rank = rank,
            .node = node};
  }
};

Candidacy::Candidacy(const RoleRow& row, Begin begin)
    : row_{row}, reign_{row.reign}, known_{row.reign} {
  if (begin == Begin::kListens) return;
  role_ = row.leads ? MemberRole::kLeads : MemberRole::kFollows;
  blind_ = row.leads && row.blind;
}

Candidacy::Decision Candidacy::turn(const Situation& at) {
  decision_ = {};
  const Millis since_ms = at.now_ms - last_ms_.value_or(at.now_ms - at.times.beat_ms);
  const bool counts_gaps = planted(Bug::kCountStandstill);
  passed_ms_ = counts_gaps ? since_ms : std::clamp<Millis>(since_ms, 0, at.times.beat_ms);
  last_ms_ = at.now_ms;
  silence_ms_ += passed_ms_;
  hear(at);
  const Mates fresh = mates(at);
  age_.look(at, fresh, role_ == MemberRole::kFollows && !one_leads(fresh));
  note_leaders(at, fresh);
  if (role_ == MemberRole::kStarts) {
    listen(at, fresh);
  } else if (at.times.promote_after_ms > 0 && role_ == MemberRole::kLeads) {
    lead(at, fresh);
  } else if (role_ == MemberRole::kLeaves) {
    leave(at, fresh);
  }
  if (at.times.promote_after_ms > 0 && role_ == MemberRole::kFollows) follow(at, fresh);
  return decision_;
}

void Candidacy::note_leaders(const Situation& at, const Mates& mates) {
  std::optional<Millis> newest_ms;
  for (const SeenCard* card : mates) {
    if (!holds_lead(card->role) || !(card->fit || planted(Bug::kHearUnfit))) continue;
    newest_ms = std::max(newest_ms.value_or(card->made_ms), card->made_ms);
  }
  if (!newest_ms || (leader_made_ms_ && *newest_ms <= *leader_made_ms_)) return;
  leader_made_ms_ = newest_ms;
  silence_ms_ = std::min(silence_ms_, at.now_ms - *newest_ms);
}

// Those that are new, in the order in which they were made.
void Candidacy::hear(const Situation& at) {
  std::vector<Heard> heard;
  heard.reserve(at.cards.size() + at.links.size());
  const auto entry = [&](const core::Hash128& node) -> Heard& {
    const auto now = std::ranges::find(heard, node, &Heard::node);
    if (now != heard.end()) return *now;
    const auto former = std::ranges::find(heard_, node, &Heard::node);
    return heard.emplace_back(former == heard_.end() ? Heard{.node = node} : *former);
  };
  Mates cards;
  for (const SeenCard& card : at.cards) {
    Heard& known = entry(card.node);
    if (std::tie(card.opening, card.number) <= std::tie(known.opening, known.number)) continue;
    known.opening = card.opening;
    known.number = card.number;
    if (card.of_own_region) cards.push_back(&card);
  }
  std::vector<const SeenLink*> links;
  for (const SeenLink& link : at.links) {
    Heard& known = entry(link.node);
    if (known.built_ms && link.built_ms <= *known.built_ms) continue;
    known.built_ms = link.built_ms;
    if (link.of_own_region && is_fresh(at, link.built_ms)) links.push_back(&link);
  }
  heard_ = std::move(heard);
  std::ranges::sort(cards, {}, [](const SeenCard* each) {
    return std::pair{each->made_ms, each->node};
  });
  std::ranges::sort(links, {}, [](const SeenLink* each) {
    return std::pair{each->built_ms, each->node};
  });
  for (const SeenCard* card : cards) hear(at, *card);
  for (const SeenLink* link : links) age_.hear(*link);
}

void Candidacy::hear(const Situation& at, const SeenCard& card) {
  known_ = std::max(known_, card.known);
  if (!holds_lead(card.role) || !is_fresh(at, card.made_ms)) return;
  if (card.reign >= known_ || !leader_reach_) leader_reach_ = card.reach;
  age_.hear(card);
}

// Listens, and goes on as the row says.
void Candidacy::listen(const Situation& at, const Mates& mates) {
  listened_ms_ += passed_ms_;
  if (one_leads(mates) && !planted(Bug::kStartBesideLeader)) {
    if (may_be_own_past(at)) {
      mark<"an unlisted start waits for news of the leader that it hears">();
      return;
    }
    end_start(false, "another member leads");
    store(false);  // Or a start alone would go on as if this member had led last.
    return;
  }
  const bool led_since =
      std::ranges::any_of(mates, [&](const SeenCard* card) { return card->known > row_.reign; });
  if (led_since && !planted(Bug::kStartUnderOldReign)) {
    end_start(false, "another member has led since");
    return;
  }
  const Millis longest_ms =
      at.times.promote_after_ms > 0 ? at.times.promote_after_ms : at.times.beat_ms;
  const bool waits = listened_ms_ < longest_ms && !planted(Bug::kStartAtOnce);
  const bool all_heard = std::ranges::all_of(
      at.own.kin, [&](const core::Hash128& node) { return find_card(mates, node) != nullptr; });
  if (waits && !all_heard) return;
  if (!row_.leads || (planted(Bug::kUnfitFollows) && !at.own.fit)) {
    end_start(false, "it followed before");
    return;
  }
  if (waits && lacks(at, mates)) return;  // It comes, and would be missed.
  end_start(true, "it led before, and nobody leads");
}

// A directory that has begun anew, as a restored one, is a member of its own, and hears its former
// self for a while. Were it to follow that, nobody would lead, or list it. After twice P each fresh
// card was made since this start, though it may have been P on its way.
bool Candidacy::may_be_own_past(const Situation& at) const {
  return row_.leads && !at.own.listed && listened_ms_ <= 2 * at.times.promote_after_ms;
}

void Candidacy::end_start(bool leads, std::string_view why) {
  role_ = leads ? MemberRole::kLeads : MemberRole::kFollows;
  reign_ = row_.reign;
  if (leads) {
    blind_ = row_.blind && !planted(Bug::kForgetBlindness);
    sight_ms_ = 0;
    store(true);
  }
  take(leads ? Step::kGoOn : Step::kFollow, why);
}

void Candidacy::follow(const Situation& at, const Mates& mates) {
  if (!able(at)) return;
  const bool moving = std::ranges::any_of(mates, [&](const SeenCard* card) {
    return holds_lead(card->role) && !card->fit && card->reign == known_;
  });
  const bool vacant = moving && !fit_one_leads(mates);
  if (vacant) silence_ms_ = std::max(silence_ms_, at.times.promote_after_ms);
  const bool chosen = !one_leads(mates) && std::ranges::any_of(mates, [&](const SeenCard* card) {
    const std::uint64_t under = planted(Bug::kBelieveAnyHeir) ? card->known : card->reign;
    return card->heir == at.own.node && under == known_;
  });
  if (!is_its_turn(at, before(at, mates, moving)) && !chosen) return;
  const bool blind = !chosen && !hears(at) && !planted(Bug::kNeverBlind);
  if (blind) mark<"a follower that hears nobody leads blind">();
  begin_reign(blind ? known_ : next_reign(known_), blind, Step::kPromote,
              chosen   ? "the last leader names it"
              : vacant ? "the leader is not fit"
              : blind  ? "it hears nobody"
                       : "it hears no leader");
}

// After the turns of those before it. Where these have changed, or their order, since one is gone
// or has reached a greater position, their turns begin then: two members that both change their
// places after a long silence would otherwise lead at once.
bool Candidacy::is_its_turn(const Situation& at, Nodes before) {
  queued_ms_ = before != before_ ? 0 : queued_ms_ + passed_ms_;
  before_ = std::move(before);
  const auto turns = planted(Bug::kNoTurns) ? 0 : static_cast<Millis>(before_.size());
  const Millis turns_ms = turns * at.times.between_ms;
  const bool had_turns = queued_ms_ >= turns_ms || planted(Bug::kLateTurns);
  return silence_ms_ >= at.times.promote_after_ms + turns_ms && had_turns;
}

// The able members that lead first, in this order. While an unfit leader is heard it goes on
// writing, positions move, and it brings all that it has itself: they do not count.
Candidacy::Nodes Candidacy::before(const Situation& at, const Mates& mates, bool moving) const {
  const bool counts = !moving || planted(Bug::kCompareMoving);
  const bool by_reach = leader_reach_.value_or(false);
  const auto place = [&](bool reaches, const OriginEnd& end, std::uint64_t rank,
                         const core::Hash128& node) {
    return Place::of(by_reach && !reaches, counts ? end : OriginEnd{}, rank, node);
  };
  // Others compare the position that this member has shown, not the one that it has reached since:
  // two that have just caught up would each see themselves ahead.
  const bool newest = !told_ || planted(Bug::kOrderByNewest);
  const Place mine = place(newest ? reach(at) : told_->reach, newest ? end(at.own) : told_->end,
                           at.own.rank, at.own.node);
  std::vector<Place> places;
  for (const SeenCard* card : mates) {
    const bool candidate = card->role == MemberRole::kStarts || card->role == MemberRole::kFollows;
    if (!candidate || !card->able || !card->fit) continue;
    const Place its = place(card->reach, card->end, card->rank, card->node);
    if (its < mine) places.push_back(its);
  }
  std::ranges::sort(places);
  Nodes nodes;
  for (const Place& each : places) nodes.push_back(each.node);
  return nodes;
}

void Candidacy::begin_reign(std::uint64_t reign, bool blind, Step step, std::string_view why) {
  role_ = MemberRole::kLeads;
  reign_ = known_ = reign;
  blind_ = blind;
  if (step == Step::kPromote) sight_ms_ = 0;
  if (!planted(Bug::kLeadUnstored) || step != Step::kPromote) store(true);
  decision_.writes_reign = !blind && !planted(Bug::kSilentReign);
  take(step, why);
}

void Candidacy::lead(const Situation& at, const Mates& mates) {
  silence_ms_ = 0;
  heir_.reset();
  const SeenCard* greatest = nullptr;
  bool fit_rival = false;
  for (const SeenCard* card : mates) {
    if (!holds_lead(card->role) || !(claim(at) < Claim::of(*card))) continue;
    fit_rival = fit_rival || card->fit;
    if (greatest == nullptr || Claim::of(*greatest) < Claim::of(*card)) greatest = card;
  }
  const bool vacant =
      blind_ && at.own.fit && greatest != nullptr && !fit_rival && !planted(Bug::kYieldToUnfit);
  if (planted(Bug::kYieldToRow) && known_ > reign_) {
    step_down(at, "a greater reign is known");
  } else if (greatest != nullptr && !vacant) {
    leave_for(*greatest);
    leave(at, mates);
  } else {
    const Millis longest_ms = at.times.promote_after_ms;
    sight_ms_ = blind_ && hears(at) ? std::min(sight_ms_ + passed_ms_, longest_ms) : 0;
    const bool sees =
        sight_ms_ >= longest_ms && (!lacks(at, mates) || planted(Bug::kFullWhileLacking));
    if (at.own.fit) raise_reign(at.own, vacant || sees);
  }
}

// Above all that it knows, unless it goes on blind.
void Candidacy::raise_reign(const OwnState& own, bool full) {
  if (blind_ && full && !planted(Bug::kStayBlind)) {
    mark<"a blind leader becomes a full one">();
    begin_reign(next_reign(known_), false, Step::kBecomeFull,
                "it hears others, and none of them leads");
  }
  if (known_ > reign_ && !planted(Bug::kKeepLowReign)) {
    begin_reign(blind_ ? known_ : next_reign(known_), blind_, Step::kTakeReign,
                "a greater reign is known");
  }
  // Its origin may have begun after its reign.
  const bool lies_there = own.own_row_reign == reign_ || planted(Bug::kWriteReignOnce);
  if (!blind_ && !lies_there && !planted(Bug::kSilentReign)) decision_.writes_reign = true;
}

void Candidacy::leave_for(const SeenCard& mate) {
  role_ = MemberRole::kLeaves;
  to_ = mate.node;
  bound_ = true;
  waited_ms_ = 0;
  take(Step::kLeave, "another leader has the greater claim");
}

// Takes no writes, and waits until the other member has all that is here, but not for long.
void Candidacy::leave(const Situation& at, const Mates& mates) {
  waited_ms_ += passed_ms_;
  const SeenCard* greatest = nullptr;
  for (const SeenCard* card : mates) {
    if (card->role != MemberRole::kLeads || !(claim(at) < Claim::of(*card))) continue;
    if (greatest == nullptr || Claim::of(*greatest) < Claim::of(*card)) greatest = card;
  }
  if (greatest != nullptr) {
    to_ = greatest->node;
    bound_ = true;
  }
  const SeenLink* const link = at.working_link(to_);
  if (bound_) {
    leave_bound(at, link);
  } else {
    leave_to_heir(at, mates, link);
  }
}

void Candidacy::leave_bound(const Situation& at, const SeenLink* link) {
  const bool over = waited_ms_ >= at.times.promote_after_ms && !planted(Bug::kWaitForAll);
  const bool has_all = link != nullptr && link->applied.includes(at.own.applied);
  const bool waits = link != nullptr || planted(Bug::kWaitFarOff);
  if (waits && !has_all && !over) return;
  step_down(at, has_all ? "the other leader has all that is here"
                : waits ? "the other leader has not all yet, after promote_after"
                        : "no direct link to the other leader works");
}

void Candidacy::leave_to_heir(const Situation& at, const Mates& mates, const SeenLink* link) {
  const SeenCard* const card = find_card(mates, to_);
  bool ready = card != nullptr && card->able && card->fit;
  if (ready && planted(Bug::kHeirFar)) {
    ready = card->end.durable >= at.own.applied.at(card->end.origin);
  } else if (ready) {
    ready =
        link != nullptr && (link->durable.includes(at.own.applied) || planted(Bug::kHastyHandover));
  }
  if (ready) {
    heir_ = to_;
    step_down(at, "the heir has all that is here");
  } else if (waited_ms_ >= at.times.promote_after_ms && !planted(Bug::kHandOverForEver)) {
    role_ = MemberRole::kLeads;
    take(Step::kStay, "the heir has not all yet, after promote_after");
  }
}

void Candidacy::step_down(const Situation& at, std::string_view why) {
  role_ = MemberRole::kFollows;
  silence_ms_ = 0;
  blind_ = false;
  age_.led_until(at.now_ms);
  store(false);
  take(Step::kStepDown, why);
}

void Candidacy::take(Step step, std::string_view why) {
  decision_.step = step;
  decision_.why = why;
}

void Candidacy::store(bool leads) {
  row_ = {.leads = leads, .reign = reign_, .blind = leads && blind_};
  decision_.row = row_;
}

Candidacy::Answer Candidacy::hand_over(const Situation& at, std::optional<core::Hash128> to) {
  if (role_ != MemberRole::kLeads) return {.why = "this member does not lead"};
  if (blind_) return {.why = "this member leads blind: it hears no other"};
  const SeenCard* heir = nullptr;
  const auto place = [&](const SeenCard& card) {
    return std::tuple{reach(at) && !card.reach, card.rank, card.node};
  };
  const Mates fresh = mates(at);
  for (const SeenCard* card : fresh) {
    const bool ready = card->role == MemberRole::kFollows && card->able && card->fit;
    const bool near = at.working_link(card->node) != nullptr || planted(Bug::kHeirFar);
    if (!ready || !near || (to && *to != card->node)) continue;
    if (heir == nullptr || place(*card) < place(*heir)) heir = card;
  }
  if (heir == nullptr) {
    return {.why = to ? "that member is not able to lead, or no direct link to it works"
                      : "no member is able to lead, with a direct link that works"};
  }
  decision_ = {};
  leave_for(*heir);
  bound_ = false;
  decision_.why = "an operator asks for it";
  return {.accepted = true, .decision = decision_};
}

Candidacy::Answer Candidacy::promote(const Situation& at) {
  if (role_ == MemberRole::kLeads && !blind_) return {.why = "this member leads"};
  decision_ = {};
  hear(at);
  begin_reign(next_reign(known_), false, Step::kPromote, "an operator asks for it");
  return {.accepted = true, .decision = decision_};
}

Candidacy::Shown Candidacy::show(const Situation& at) const {
  const bool names = holds_lead(role_) || heir_;
  return {.role = role_,
          .reign = names ? reign_ : 0,
          .known = std::max(known_, reign_),
          .blind = blind_,
          .able = able(at),
          .ripe = able(at, true),
          .reach = reach(at),
          .end = end(at.own),
          .lag_ms = lag_ms(at.now_ms),
          .heir = heir_};
}

std::optional<Millis> Candidacy::lag_ms(Millis now_ms) const {
  return holds_lead(role_) ? std::optional<Millis>{0} : age_.lag_ms(now_ms);
}

Candidacy::Mates Candidacy::mates(const Situation& at) const {
  Mates fresh;
  for (const SeenCard& card : at.cards) {
    if (card.of_own_region && is_fresh(at, card.made_ms)) fresh.push_back(&card);
  }
  return fresh;
}

bool Candidacy::is_fresh(const Situation& at, Millis made_ms) {
  return at.now_ms - made_ms <= at.times.promote_after_ms;
}

// Half of P is more than the ways from one member may differ by: a card just younger than the
// leader's last one came another way, and proves no network.
bool Candidacy::hears(const Situation& at) const {
  return std::ranges::any_of(at.cards, [&](const SeenCard& card) {
    const bool young = 2 * (at.now_ms - card.made_ms) < at.times.promote_after_ms;
    return young || (planted(Bug::kHearLong) && is_fresh(at, card.made_ms));
  });
}

// Another member shows more of what the region has written.
bool Candidacy::lacks(const Situation& at, const Mates& mates) const {
  const OwnState& own = at.own;
  const bool on_links = std::ranges::any_of(at.links, [&](const SeenLink& link) {
    if (at.now_ms - link.built_ms > at.times.link_ms) return false;
    return std::ranges::any_of(own.region_origins, [&](core::Origin origin) {
      return link.durable.at(origin) > own.applied.at(origin);
    });
  });
  return on_links || std::ranges::any_of(mates, [&](const SeenCard* card) {
           return card->end.durable > own.applied.at(card->end.origin);
         });
}

bool Candidacy::able(const Situation& at, bool unlisted) const {
  if (!at.own.fit || !at.own.eligible) return false;
  if (role_ == MemberRole::kStarts) return row_.leads;
  if (!unlisted && !at.own.listed && !planted(Bug::kLeadUnlisted)) return false;
  const std::optional<Millis> lag = lag_ms(at.now_ms);
  return planted(Bug::kLeadStale) || (lag && *lag <= at.times.lag_ms);
}

bool Candidacy::reach(const Situation& at) const {
  return at.own.abroad_ms && at.now_ms - *at.own.abroad_ms <= at.times.link_ms;
}

OriginEnd Candidacy::end(const OwnState& own) const {
  const bool lies_there = own.own_row_reign == reign_ || planted(Bug::kShowEndEarly);
  const bool of_own = holds_lead(role_) && lies_there;
  const std::uint64_t reign = of_own ? reign_ : own.row_reign;
  const core::Origin origin = of_own ? own.origin : own.row_origin;
  return {.reign = reign,
          .origin = origin,
          .applied = own.applied.at(origin),
          .durable = own.durable.at(origin)};
}

Candidacy::Claim Candidacy::claim(const Situation& at) const {
  return {.reign = reign_, .full = !blind_, .rank = at.own.rank, .node = at.own.node};
}

std::string Candidacy::why_not(const Situation& at) const {
  const Mates fresh = mates(at);
  const auto lag = lag_ms(at.now_ms);
  const auto seconds = [](Millis ms) { return std::to_string(ms / 1'000) + " s"; };
  if (holds_lead(role_)) return {};
  if (role_ == MemberRole::kStarts) return "it has just started, and listens";
  if (at.times.promote_after_ms == 0) return "promote_after is off in the region";
  if (fit_one_leads(fresh)) return "another member leads";
  if (!at.own.fit) return "it is not fit";
  if (!at.own.eligible) return "it may not lead by itself";
  if (!at.own.listed) return "no leader has listed it";
  if (!lag) return "since it started it has not reached a leader's state";
  if (*lag > at.times.lag_ms) return "it is " + seconds(*lag) + " behind the leader";
  const std::size_t others = before(at, fresh, one_leads(fresh)).size();
  return "it waits: " + seconds(silence_ms_) + " without a leader, " + std::to_string(others) +
         " members come first";
}

}  // namespace anabranch::regions
