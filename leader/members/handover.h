// The handing over of the lead of a region to another member, without a write that is lost.
//
// At the leader: it lists the heir, if it is not listed, and its card says that it leaves. From
// then on its owner takes no writes, and it applies none. Once the heir has on its disk all that is
// here, the leader steps down, and its card names the heir. At the heir: who is named under the
// greatest reign that it knows, while nobody leads, takes the lead, under the next reign. A
// handover that takes longer than kLeaveMs has failed: writes go on here, and nothing has changed.
// Behind it the lead is the heir's: nobody takes it back, as two would lead then. Where the heir
// does not take it for kTakeMs, that is told, and an operator promotes either of them.
//
// Nothing stored says that a lead is being handed over: who is started meanwhile leads, or follows,
// as its directory says. Times are of a steady clock. Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "leader/members/handover_status.h"
#include "leader/members/heir.h"
#include "leader/members/members.h"
#include "regions/replica.h"

namespace anabranch::leader {

class Handover {
 public:
  static constexpr core::Millis kLeaveMs = 5'000;
  static constexpr core::Millis kTakeMs = 5'000;

  // Both must outlive this.
  Handover(regions::Replica& replica, Members& members) : replica_(replica), members_(members) {}

  // Begins to hand over to a member, or, if the name is empty, to the first that can take the lead.
  // All must be on the disk, and nothing be staged, and Members::look() be of this moment. Fails
  // with a sentence, and changes nothing, where that cannot be.
  core::Result<void> begin(std::string_view called, core::Millis now);
  // Whether look() has anything to do: one is under way, or this member was handed the lead.
  [[nodiscard]] bool is_due() const { return status_.under_way() || members_.is_named(); }
  // Goes on; at another member takes the lead that it was handed. Nothing may be staged, and no
  // commit under way. Returns whether the role of this member has changed.
  bool look(core::Millis now);

  // Writes of applications are refused, and others are not applied.
  [[nodiscard]] bool leaves() const { return status_.state == State::kLeaves; }
  [[nodiscard]] const HandoverStatus& status() const { return status_; }
  // When look() is due again, from now.
  [[nodiscard]] core::Millis rest_ms() const {
    constexpr core::Millis kOftenMs = 10;
    return status_.under_way() ? kOftenMs : std::numeric_limits<core::Millis>::max();
  }

 private:
  using State = HandoverStatus::State;

  [[nodiscard]] core::VersionVector to_have() const;
  bool look_at_heir(core::Millis now);
  bool step_down(core::Millis now);
  void look_for_leader(core::Millis now);
  bool take_over(core::Millis now);
  void end(State state, std::string why);

  regions::Replica& replica_;
  Members& members_;
  HandoverStatus status_;
  Heir heir_;
  std::uint64_t reign_ = 0;  // Under which it names the heir: the greatest that is known.
  core::Millis until_ms_ = 0;
  bool told_ = false;  // Why the lead that was handed is not taken.
};

}  // namespace anabranch::leader
