#include "tests/sim/chooser.h"

#include <algorithm>
#include <utility>

#include "leader/members/own_card.h"
#include "regions/members/fitness.h"

namespace anabranch::test {

using core::Millis;
using regions::CardOnWay;
using regions::MemberCard;

namespace {

constexpr Millis kUrgentMs = 20;

MemberCard first_card(Node& node, std::uint64_t rank) {
  const regions::Replica& replica = node.replica();
  Options options;
  options.region = replica.identity().region;
  options.node_name = core::to_string(replica.identity().node).substr(0, 8);
  options.rank = rank;
  return leader::fixed_card(options, replica.identity(), node.nonce(), {});
}

}  // namespace

Chooser::Chooser(Node& node, std::uint64_t rank, Millis now)
    : node_(node),
      now_ms_(now),
      roster_(first_card(node, rank), now, node.replica().promote_after_ms()),
      promotion_(node.replica(), *this) {}

Millis Chooser::next_ms() const {
  const Millis cards_ms = roster_.cards().next_ms();
  if (!roster_.cards().sends()) return std::min(next_look_ms_, cards_ms);
  return std::min({next_look_ms_, cards_ms, roster_.next_own_ms()});
}

regions::Health Chooser::health() const {
  regions::Health health = leader::health_of(node_.replica(), false);
  if (slow_) health.commit_ms = regions::Fitness::kCommitMaxMs;
  return health;
}

bool Chooser::look(Millis now) {
  now_ms_ = now;
  const bool has_changed = promotion_.look(health(), false, now);
  (void)roster_.look(node_.replica(), health(), now, now);
  next_look_ms_ = now + (roster_.is_urgent(now) ? kUrgentMs : std::max<Millis>(beat_ms() / 2, 1));
  return has_changed;
}

bool Chooser::take(transport::LinkId link, const regions::MemberCards& message, Millis now) {
  now_ms_ = now;
  if (!roster_.cards().hears(link)) return true;  // It has not greeted yet.
  const auto believe = [](const MemberCard&, const CardOnWay&) { return leader::Cards::Proof{}; };
  if (!roster_.cards().take(link, message, believe, now)) return false;
  if (roster_.is_urgent(now)) look_soon();
  return true;
}

std::vector<leader::Cards::Sent> Chooser::due(Millis now) {
  now_ms_ = now;
  roster_.cards().forget_old(now);
  if (!roster_.takes_beat(now)) return roster_.cards().due(nullptr, now);
  const CardOnWay own{.content = roster_.next_own(*node_.names().vectors().announced(), now),
                      .signature = {}};
  return roster_.cards().due(&own, now);
}

core::Result<void> Chooser::hand_over(Millis now) {
  now_ms_ = now;
  if (!promotion_.is_on()) return core::invalid("its region does not choose its leader");
  look_soon();
  return promotion_.hand_over({}, health(), now);
}

core::Result<void> Chooser::promote(Millis now) {
  now_ms_ = now;
  look_soon();
  return promotion_.promote(health(), now);
}

std::optional<core::Hash128> Chooser::leader_node(Millis now) const {
  if (roster_.own().role == MemberCard::Role::kLeads) return roster_.own().node;
  const auto known = roster_.leader(now);
  return known ? std::optional(known->node) : std::nullopt;
}

Millis Chooser::promote_after_ms() const { return roster_.promote_after_ms(); }

regions::Situation Chooser::situation(const regions::Replica& replica,
                                      const regions::Health& health, Millis steady_now) {
  return roster_.situation(replica, health, steady_now, steady_now);
}

void Chooser::show(const std::optional<regions::Candidacy::Shown>& shown) { roster_.show(shown); }

std::optional<Chooser::Sent> Chooser::last_sent() const { return roster_.last_sent(); }

std::string Chooser::name_of(const core::Hash128& node) const { return roster_.name_of(node); }

std::optional<MemberCard> Chooser::leader() const { return roster_.leader(now_ms_); }

core::Result<leader::Heir> Chooser::choose_heir(const regions::Peers& peers,
                                                std::string_view called) const {
  return leader::choose_heir(roster_.cards().table(), roster_.own(), peers, called, now_ms_);
}

}  // namespace anabranch::test
