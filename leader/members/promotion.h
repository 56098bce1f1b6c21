// Whether this member leads, where its region chooses (regions/members/candidacy.h): the decisions
// are made by what Members, or another Choice, hears, and carried out by the replica. Without
// `promote_after` at any member of the region nothing is chosen, and this does nothing.
//
// A role is on the disk before anything else is done. Where the disk refuses it, this member stays
// as it is, and the decision is made again: at a follower behind another time of silence.
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/members/choice.h"
#include "leader/members/handover_status.h"
#include "regions/members/candidacy.h"
#include "regions/members/fitness.h"
#include "regions/replica.h"

namespace anabranch::leader {

class Promotion {
 public:
  // Both must outlive this. A replica that listens (ReplicaOptions::listens) is decided on by
  // look().
  Promotion(regions::Replica& replica, Choice& members);

  // Whether its region chooses, as of the last look.
  [[nodiscard]] bool is_on() const { return candidacy_.has_value(); }

  // Decides anew, and has Members show it. Nothing may be staged, and no commit be under way.
  // `hands_over`: the lead is handed over by hand, and nothing is decided meanwhile. Returns
  // whether the role of this member has changed.
  bool look(const regions::Health& health, bool hands_over, core::Millis steady_now);
  // By hand, while it is on: leads at once, and in full.
  core::Result<void> promote(const regions::Health& health, core::Millis steady_now);
  // The same: begins to give the lead to a member, by its name or node, or, if that is empty, to
  // the first in the order. All must be on the disk. Fails with a sentence, and changes nothing,
  // where nobody can take it.
  core::Result<void> hand_over(std::string_view called, const regions::Health& health,
                               core::Millis steady_now);

  // It gives its lead away: writes of applications are refused, and others are not applied.
  [[nodiscard]] bool leaves() const {
    return candidacy_ && candidacy_->role() == regions::MemberRole::kLeaves;
  }
  [[nodiscard]] const HandoverStatus& status() const { return status_; }

 private:
  using Decision = regions::Candidacy::Decision;
  using State = HandoverStatus::State;

  void begin_or_end(bool hands_over);
  // Begins anew from what the replica does: a start that is not decided listens again.
  void begin_anew();
  // It gives its lead to another member, or waits until that leads.
  [[nodiscard]] bool gives_away() const {
    return status_.state == State::kLeaves || status_.state == State::kNames;
  }
  // Returns whether the role has changed.
  bool carry_out(const Decision& decision, core::Millis steady_now);
  core::Result<void> take(const Decision& decision, core::Millis steady_now);
  void note(const Decision& decision);
  void look_for_leader(core::Millis steady_now);
  void end(State state, std::string why);
  // Ends what is under way, since no role can be stored.
  void give_up(const std::string& why);
  void tell_failure(const core::Failure& failure);

  regions::Replica& replica_;
  Choice& members_;
  std::optional<regions::Candidacy> candidacy_;
  HandoverStatus status_;
  core::Millis until_ms_ = 0;  // While it names an heir: until then that is to lead.
  bool told_ = false;          // Why a role was not taken.
};

}  // namespace anabranch::leader
