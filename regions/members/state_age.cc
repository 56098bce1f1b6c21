#include "regions/members/state_age.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;

void StateAge::hear(const SeenCard& leader) {
  const bool has_row = leader.end.origin == leader.origin || planted(Bug::kLagOfOtherOrigin);
  if (leader.blind ? !planted(Bug::kLagOfBlind) : !has_row) return;
  add(of_cards_, {.made_ms = leader.made_ms, .vector = {{leader.end.origin, leader.end.applied}}});
}

void StateAge::hear(const SeenLink& link) {
  if (holds_lead(link.role)) {
    add(of_links_, {.made_ms = link.built_ms, .vector = link.applied});
  } else if (link.able && link.lag_ms) {
    add(of_links_, {.made_ms = link.built_ms - *link.lag_ms, .vector = link.applied});
  }
}

void StateAge::gather(const Situation& at, const std::vector<const SeenCard*>& mates) {
  if (!at.own.listed && !planted(Bug::kAllOfNone)) return;
  Shown shown{.made_ms = at.now_ms, .vector = {}};
  for (const core::Hash128& node : at.own.kin) {
    const bool has_card = std::ranges::count(mates, node, &SeenCard::node) > 0;
    const SeenLink* const link = has_card ? at.working_link(node) : nullptr;
    if (link == nullptr && planted(Bug::kHearSome)) continue;
    if (link == nullptr) return;
    shown.made_ms = std::min(shown.made_ms, link->built_ms);
    shown.vector.join(link->applied);
  }
  of_all_ = {.shown = std::move(shown), .kin = at.own.kin};
}

void StateAge::look(const Situation& at, const std::vector<const SeenCard*>& mates, bool vacant) {
  const core::Millis oldest_ms = at.now_ms - 2 * at.times.promote_after_ms;
  if (of_all_ && of_all_->shown.made_ms < oldest_ms) of_all_.reset();
  if (vacant && !of_all_) gather(at, mates);
  if (of_all_ && at.own.applied.includes(of_all_->shown.vector)) {
    if (of_all_->kin == at.own.kin) cover(of_all_->shown.made_ms);
    of_all_.reset();
  }
  look(of_cards_, at.own.applied);
  look(of_links_, at.own.applied);
}

void StateAge::led_until(core::Millis now_ms) {
  covered_ms_ = now_ms;
  of_cards_.clear();
  of_links_.clear();
}

std::optional<core::Millis> StateAge::lag_ms(core::Millis now_ms) const {
  if (!covered_ms_) return std::nullopt;
  return now_ms - *covered_ms_;
}

void StateAge::add(Pending& pending, Shown shown) {
  if (pending.size() > 1) pending.resize(1);
  pending.push_back(std::move(shown));
}

void StateAge::look(Pending& pending, const core::VersionVector& applied) {
  std::erase_if(pending, [&](const Shown& shown) {
    if (!applied.includes(shown.vector)) return false;
    cover(shown.made_ms);
    return true;
  });
}

void StateAge::cover(core::Millis made_ms) {
  covered_ms_ = std::max(covered_ms_.value_or(made_ms), made_ms);
}

}  // namespace anabranch::regions
