#include "leader/members/promotion.h"

#include <utility>

#include "core/log.h"

namespace anabranch::leader {

using core::Millis;
using regions::Candidacy;
using regions::MemberRole;
using regions::RoleRow;
using Step = Candidacy::Step;

Promotion::Promotion(regions::Replica& replica, Choice& members)
    : replica_(replica), members_(members) {
  if (!replica.listens()) return;
  begin_anew();
  status_ = {.state = State::kListens};
}

void Promotion::begin_or_end(bool hands_over) {
  const bool chooses = members_.promote_after_ms() > 0;
  if (chooses && !candidacy_ && !hands_over) begin_anew();
  if (chooses || !candidacy_ || candidacy_->role() == MemberRole::kStarts) return;
  if (status_.under_way()) end(State::kFailed, "no member has promote_after any more");
  candidacy_.reset();
  members_.show(std::nullopt);
}

void Promotion::begin_anew() {
  const auto& role = replica_.identity().role;
  if (replica_.listens() && role) {
    candidacy_.emplace(*role, Candidacy::Begin::kListens);
    return;
  }
  const regions::Membership& members = replica_.members();
  const bool leads = !replica_.exchange().follows();
  candidacy_.emplace(RoleRow{.leads = leads,
                             .reign = leads ? members.reign() : members.known_reign(),
                             .blind = leads && members.blind()},
                     Candidacy::Begin::kAtOnce);
}

bool Promotion::look(const regions::Health& health, bool hands_over, Millis steady_now) {
  begin_or_end(hands_over);
  if (!candidacy_) return false;
  const auto sent = members_.last_sent();
  if (sent) candidacy_->told(sent->reach, sent->end);
  auto at = members_.situation(replica_, health, steady_now);
  const auto& broken = replica_.broken();  // Then it decides nothing: that would be stored nowhere.
  if (broken && status_.state != State::kNames) give_up(broken->message);
  const bool has_changed = !broken && carry_out(candidacy_->turn(at), steady_now);
  if (status_.state == State::kNames) look_for_leader(steady_now);
  if (has_changed) at = members_.situation(replica_, health, steady_now);
  members_.show(candidacy_->show(at));
  return has_changed;
}

core::Result<void> Promotion::promote(const regions::Health& health, Millis steady_now) {
  const auto answer = candidacy_->promote(members_.situation(replica_, health, steady_now));
  if (!answer.accepted) return {};  // It leads already.
  auto taken = take(answer.decision, steady_now);
  if (!taken.ok()) {
    begin_anew();
  } else if (gives_away()) {
    end(State::kFailed, "this member was promoted");
  } else {
    status_ = {};
  }
  return taken;
}

core::Result<void> Promotion::hand_over(std::string_view called, const regions::Health& health,
                                        Millis steady_now) {
  if (gives_away()) {
    return core::invalid("the lead is being handed over to " + status_.member + " already");
  }
  if (replica_.exchange().follows()) {
    return core::invalid("this member follows: hand over at the leader of its region");
  }
  const auto heir = members_.choose_heir(replica_.exchange().peers(), called);
  if (!heir.ok()) return heir.failure();
  const auto at = members_.situation(replica_, health, steady_now);
  const auto answer =
      called.empty() ? candidacy_->hand_over(at) : candidacy_->hand_over(at, heir.value().node);
  if (!answer.accepted) {
    return core::invalid(std::string(answer.why) +
                         ": a member is able once the leader has listed it, ten seconds after it "
                         "shows a small lag");
  }
  note(answer.decision);
  return {};
}

bool Promotion::carry_out(const Decision& decision, Millis steady_now) {
  if (decision.step == Step::kNone) return false;
  const auto taken = take(decision, steady_now);
  if (taken.ok()) {
    told_ = false;
    if (decision.step == Step::kStepDown && candidacy_->heir()) {
      until_ms_ = steady_now + members_.promote_after_ms();
    }
    note(decision);
    return true;
  }
  tell_failure(taken.failure());
  give_up(taken.failure().message);
  begin_anew();
  return true;
}

// Writes wait no longer for a start that cannot be decided: they are refused until it is.
void Promotion::give_up(const std::string& why) {
  if (gives_away()) {
    end(State::kFailed, why);
    begin_anew();
  }
  if (status_.under_way()) status_ = {.state = State::kFailed, .why = why};
}

core::Result<void> Promotion::take(const Decision& decision, Millis steady_now) {
  if (decision.step == Step::kStepDown) {
    auto done = replica_.step_down(steady_now);
    if (replica_.exchange().follows()) return {};  // A later tick stores it.
    return done;
  }
  if (!decision.row) return {};
  return replica_.take_role(*decision.row, steady_now);
}

void Promotion::note(const Decision& decision) {
  const std::string& region = replica_.identity().region;
  const std::string why(decision.why);
  const std::string reign = " under reign " + std::to_string(candidacy_->reign());
  switch (decision.step) {
    case Step::kNone:
      return;
    case Step::kFollow:
      core::log_info(region, "follows: " + why);
      return end(State::kNone, {});
    case Step::kGoOn:
      core::log_info(region, "leads on" + reign + ": " + why);
      return end(State::kNone, {});
    case Step::kPromote:
      status_ = {};
      return core::log_warning(region, "leads its region from now on" + reign +
                                           (candidacy_->blind() ? ", blind: " : ": ") + why);
    case Step::kBecomeFull:
    case Step::kTakeReign:
      return core::log_info(region, "leads on" + reign + ": " + why);
    case Step::kLeave:
      status_ = {.state = State::kLeaves, .member = members_.name_of(candidacy_->to())};
      return core::log_warning(region, "gives the lead of its region to " + status_.member + ": " +
                                           why + "; writes wait");
    case Step::kStepDown:
      if (status_.member.empty()) status_.member = members_.name_of(candidacy_->to());
      status_.state = candidacy_->heir() ? State::kNames : State::kDone;
      return core::log_warning(region, "follows from now on: " + why);
    case Step::kStay:
      return end(State::kFailed, why);
  }
}

void Promotion::look_for_leader(Millis steady_now) {
  if (!replica_.exchange().follows()) return end(State::kFailed, "this member leads again");
  const auto leader = members_.leader();
  if (leader && leader->reign >= candidacy_->reign()) return end(State::kDone, {});
  if (steady_now < until_ms_) return;
  end(State::kFailed,
      "this member has stepped down, and the heir has not shown that it leads; the members "
      "choose another leader within a moment");
}

void Promotion::end(State state, std::string why) {
  status_.state = state;
  status_.why = std::move(why);
  if (state != State::kFailed) return;
  core::log_warning(replica_.identity().region,
                    "The lead was not handed over to " + status_.member + ": " + status_.why);
}

void Promotion::tell_failure(const core::Failure& failure) {
  if (std::exchange(told_, true)) return;
  core::log_warning(replica_.identity().region,
                    "The role of this member does not change: " + failure.message);
}

}  // namespace anabranch::leader
