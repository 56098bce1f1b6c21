// Machines as members of their regions: their cards, and the choice of a region's leader.
#include <algorithm>
#include <limits>
#include <utility>

#include "regions/members/fitness.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;
using regions::MemberCard;

namespace {

constexpr Millis kNever = std::numeric_limits<Millis>::max();
constexpr Millis kOldMs = 20'000;  // Cards may be under way for so long.

Candidate::Claim claim_of(regions::Replica& replica, const MemberCard& card) {
  const regions::Membership& members = replica.members();
  return {.reign = members.reign(),
          .full = !members.blind(),
          .rank = card.rank,
          .node = replica.identity().node};
}

}  // namespace

// ---- Cards.

Millis Network::next_beat_ms(Index at) const {
  const Machine& machine = machines_[at];
  if (!machine.candidate.chooser) return kNever;
  return std::max(
      {machine.start_ms, machine.frozen_until_ms, machine.candidate.chooser->next_ms()});
}

Network::Index Network::next_to_beat() const {
  Index next = 0;
  for (Index at = 1; at < size(); ++at) {
    if (next_beat_ms(at) < next_beat_ms(next)) next = at;
  }
  return next;
}

void Network::begin_to_choose(Index at) {
  if (!chooses()) return;
  constexpr std::uint64_t kRanks = 2;
  Machine& machine = machines_[at];
  Candidate& candidate = machine.candidate;
  candidate.chooser =
      std::make_unique<Chooser>(*machine.node, MemberCard::kRankUsual + at % kRanks, now_);
  candidate.last_card_ms = -1;
  candidate.leaves_ms = 0;
  candidate.shown_reign = 0;
  candidate.begun_as = machine.node->replica().identity().role;
}

void Network::look_soon(Index at) {
  if (machines_[at].candidate.chooser) machines_[at].candidate.chooser->look_soon();
}

void Network::beat(Index at) {
  Candidate& candidate = machines_[at].candidate;
  if (candidate.chooser->looks(now_)) {
    decide(at, false, [&](Chooser& chooser) { (void)chooser.look(now_); });
  }
  send_cards(at);
}

void Network::take_cards(Index at, regions::LinkId link, const regions::MemberCards& message) {
  Candidate& candidate = machines_[at].candidate;
  if (!candidate.chooser) return;
  if (!candidate.chooser->take(link, message, now_)) note(at, "calls rubbish what a member shows");
  candidate.last_card_ms = now_;
}

void Network::send_cards(Index at) {
  for (leader::Cards::Sent& sent : machines_[at].candidate.chooser->due(now_)) {
    check_card(at);
    send(at, sent.link, regions::Message(std::move(sent.message)));
  }
}

// A card shows what is on the disk.
void Network::check_card(Index at) {
  Candidate& candidate = machines_[at].candidate;
  const MemberCard& card = candidate.chooser->shown();
  const auto& role = node(at).replica().identity().role;
  const bool leads =
      card.role == MemberCard::Role::kLeads || card.role == MemberCard::Role::kLeaves;
  if (machines_[at].broken) return;
  if (card.role != MemberCard::Role::kStarts) check_start(at);
  if (!leads) return;
  if (follows(at)) note(at, "shows that it leads, and follows");
  if (!role || !role->leads || role->reign != card.reign) {
    note(at, "shows a reign that is not on its disk");
  }
  candidate.shown_reign = std::max(candidate.shown_reign, card.reign);
}

// A start whose directory has led leads on, fit or not, unless another member leads or has led
// since.
void Network::check_start(Index at) {
  const auto row = std::exchange(machines_[at].candidate.begun_as, std::nullopt);
  if (!row || !row->leads || !follows(at)) return;
  const std::vector<Index> members = members_of(at);
  const bool has_led = std::ranges::any_of(members, [&](Index other) {
    const Candidate& candidate = machines_[other].candidate;
    const bool is_new = now_ - candidate.led_ms <= kOldMs + 2 * promote_after_ms_;
    const regions::Membership& membership = node(other).replica().members();
    return other != at && ((candidate.claim && is_new) || membership.known_reign() > row->reign);
  });
  if (!has_led) note(at, "has led, and follows where nobody leads");
}

// It has started again on the same directory.
void Network::check_stored_reign(Index at, std::uint64_t shown) {
  if (!chooses()) return;
  const auto& role = node(at).replica().identity().role;
  if (shown > 0 && (!role || role->reign < shown)) note(at, "has forgotten a reign that it showed");
  machines_[at].candidate.shown_reign = shown;
}

// ---- Decisions.

void Network::decide(Index at, bool by_hand, const std::function<void(Chooser&)>& decision) {
  Machine& machine = machines_[at];
  Candidate& candidate = machine.candidate;
  regions::Replica& replica = node(at).replica();
  if (!machine.broken) carry_out(at);
  set_wall(at);
  candidate.chooser->slow_down(now_ < candidate.slow_until_ms);
  const auto& role = replica.identity().role;
  const Candidate::Before before{.origin = node(at).origin(),
                                 .vector = node(at).vector(),
                                 .follows = machine.follows,
                                 .starts = replica.listens(),
                                 .listed = replica.members().is_listed(),
                                 .by_hand = by_hand,
                                 .row = role.value_or(regions::RoleRow{}),
                                 .known = replica.members().known_reign(),
                                 .claim = claim_of(replica, candidate.chooser->shown())};
  decision(*candidate.chooser);
  machine.broken = machine.broken || replica.broken().has_value();
  const bool follows = replica.exchange().follows();
  const bool has_changed = follows != machine.follows;
  const bool wrote = node(at).vector() != before.vector;
  if (has_changed) {
    machine.follows = machine.has_led = follows;
    machine.owes = follows && background_of(at).upkeep().sweeping();
  }
  if (wrote || has_changed) follow(at);
  if (has_changed && !machine.broken) {
    follows ? check_stepped_down(at, before) : check_promoted(at, before);
    if (disks_ != Disks::kInterval) sync(at);
    turn(at);
  }
  if (!follows) {
    candidate.claim = claim_of(replica, candidate.chooser->shown());
    candidate.led_ms = now_;
  }
  const Millis passed = std::min(now_ - candidate.last_beat_ms, candidate.chooser->beat_ms());
  candidate.last_beat_ms = now_;
  candidate.leaves_ms = candidate.chooser->leaves() ? candidate.leaves_ms + passed : 0;
  if (candidate.leaves_ms > promote_after_ms_ + 2 * candidate.chooser->beat_ms()) {
    note(at, "gives its lead away for longer than it may");
  }
}

void Network::check_promoted(Index at, const Candidate::Before& before) {
  const Machine& machine = machines_[at];
  const Candidate& candidate = machine.candidate;
  const regions::Membership& members = node(at).replica().members();
  ++carried_.promoted;
  const bool is_anew = node(at).origin() != before.origin;
  if (is_anew && (before.listed || !before.by_hand)) note(at, "begins an origin as it leads");
  if (before.by_hand) return;
  const bool goes_on = before.row.leads && members.reign() == before.row.reign;
  if (before.starts && goes_on) {
    if (before.row.blind && !members.blind()) note(at, "leads on in full, and had led blind");
    const auto other = candidate.chooser->leader();  // Or the machine itself, before it began anew.
    const auto is_it = [&](Machine& each) {
      return other && each.node->replica().identity().node == other->node;
    };
    if (std::ranges::any_of(machines_, is_it)) note(at, "leads on beside a leader that it hears");
    return;
  }
  if (!before.listed) note(at, "leads, and is not listed");
  if (members.blind()) {
    ++carried_.promoted_blind;
    return;
  }
  if (members.reign() <= before.known) note(at, "leads under a reign that it has known");
  const bool heard = candidate.last_card_ms >= now_ - promote_after_ms_;
  if (!heard) note(at, "has heard nobody, and leads in full");
}

void Network::check_stepped_down(Index at, const Candidate::Before& before) {
  ++carried_.stepped_down;
  if (node(at).vector() != before.vector) note(at, "writes while it steps down");
  if (node(at).origin() != before.origin) note(at, "steps down under another origin");
  if (disks_ != Disks::kInterval && !on_disk(at).includes(before.vector)) {
    note(at, "follows before its writes are synced");
  }
  const auto& heir = machines_[at].candidate.chooser->shown().heir;
  const std::vector<Index> members = members_of(at);
  for (const Index other : members) {
    if (heir != node(other).replica().identity().node) continue;
    if (!on_disk(other).includes(before.vector)) note(other, "is to lead, and lacks writes");
  }
  if (heir) return;
  // Cards are fresh for P, and older by their way.
  const bool is_above = std::ranges::any_of(members, [&](Index other) {
    const Candidate& candidate = machines_[other].candidate;
    const bool is_new = now_ - candidate.led_ms <= kOldMs + 2 * promote_after_ms_;
    return other != at && candidate.claim && is_new && candidate.claim->above(before.claim);
  });
  if (!is_above) note(at, "gives way to nobody with a greater claim");
}

bool Network::ask_to_hand_over(Index at) {
  bool begun = false;
  decide(at, false, [&](Chooser& chooser) { begun = chooser.hand_over(now_).ok(); });
  return begun;
}

// ---- Calm.

std::vector<Network::Index> Network::members_of(Index at) const {
  std::vector<Index> members;
  for (Index each = 0; each < size(); ++each) {
    if (machines_[each].region == machines_[at].region) members.push_back(each);
  }
  return members;
}

std::string Network::wrong_leader(Index at) {
  const std::vector<Index> members = members_of(at);
  std::vector<Index> leaders;
  for (const Index each : members) {
    if (!follows(each)) leaders.push_back(each);
  }
  if (leaders.empty()) return "no member of region " + machines_[at].region + " leads";
  if (leaders.size() > 1) return name(leaders[0]) + " and " + name(leaders[1]) + " lead";
  const Index leader = leaders.front();
  const regions::Replica& replica = node(leader).replica();
  if (machines_[leader].candidate.chooser->leaves()) return name(leader) + " gives its lead away";
  if (replica.members().blind()) return name(leader) + " leads blind";
  const regions::Identity& self = replica.identity();
  const std::uint64_t reign = replica.members().reign();
  if (reign > 0 && replica.members().list().reign_in(self.region, self.origin) != reign) {
    return name(leader) + " has not written the row of its reign";
  }
  for (const Index each : members) {
    const Chooser& chooser = *machines_[each].candidate.chooser;
    if (chooser.leader_node(now_) != self.node) return name(each) + " knows of another leader";
  }
  return {};
}

// Members without a direct link to each other cannot tell how old their state is when nobody leads;
// nor can anybody when a member that the list names is gone for good. One that is able leads.
bool Network::left_to_operator(Index at) {
  const std::vector<Index> members = members_of(at);
  if (members.size() < 2) return false;
  return std::ranges::all_of(members, [&](Index each) {
    return follows(each) && !machines_[each].candidate.chooser->shown().has(MemberCard::kAble);
  });
}

// For failures: the members of a region as they show themselves.
std::string Network::members_text(Index at) {
  std::string text;
  for (const Index each : members_of(at)) {
    const Candidate& candidate = machines_[each].candidate;
    const MemberCard& card = candidate.chooser->shown();
    const regions::Replica& replica = node(each).replica();
    text += "\n  " + name(each) + (follows(each) ? " follows" : " leads") + ", role " +
            std::to_string(static_cast<int>(card.role)) + ", flags " + std::to_string(card.flags) +
            ", reign " + std::to_string(card.reign) + " of " + std::to_string(card.known) +
            ", lag " + (card.lag_ms ? std::to_string(*card.lag_ms) : "unknown") +
            (replica.members().is_listed() ? ", listed" : "") +
            (replica.listens() ? ", listens" : "") + ", opening " +
            std::to_string(machines_[each].openings) + " at " +
            std::to_string(machines_[each].opened_ms) + " ms" +
            (card.why.empty() ? "" : ", " + card.why);
    const auto& row = replica.identity().role;
    if (row) text += (row->leads ? ", row leads " : ", row follows ") + std::to_string(row->reign);
    for (const Index other : members_of(at)) {
      if (connected(each, other)) text += ", linked to " + name(other);
    }
  }
  return text;
}

std::string Network::run_until_led() {
  if (!chooses()) return {};
  // Of one that was not fit, lags, had started, led blind, and gave way.
  const Millis beat = promote_after_ms_ / 8;
  const Millis at_most = regions::Fitness::kPatienceMs +
                         std::max<Millis>(promote_after_ms_, 3'000) + 4 * promote_after_ms_ +
                         static_cast<Millis>(2 * size()) * beat + 2'000;
  const auto wrong = [&] {
    for (Index at = 0; at < size(); ++at) {
      const auto& list = node(at).replica().members().list();
      if (list.retirement(machines_[at].region) != regions::Retirement::kNone) continue;
      if (std::string error = wrong_leader(at); !error.empty()) return std::pair(at, error);
    }
    return std::pair(Index{0}, std::string());
  };
  Millis end = now_ + at_most;
  for (std::size_t by_hand = 0;;) {
    const auto [at, error] = wrong();
    if (error.empty()) return {};
    if (next_ms() <= end) {
      step();
      continue;
    }
    if (by_hand++ >= size() || !left_to_operator(at)) {
      return error + ' ' + std::to_string(at_most) + " ms after all was equal" + members_text(at);
    }
    ++carried_.by_hand;
    decide(at, true, [&](Chooser& chooser) { (void)chooser.promote(now_); });
    end = now_ + at_most;
  }
}

}  // namespace anabranch::test
