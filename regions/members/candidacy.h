// Whether a member of a region leads. It looks at a Situation and decides: to lead because nobody
// does, to give the lead to a member with a greater claim, to hand it over, to go on as it is.
// There are no votes. A wrong promotion makes two leaders until they hear each other; each writes
// under an origin of its own, and all that they write converges.
//
//   A follower that has heard of no fit leader for P (`promote_after`) leads, after the able
//   members before it in the order have had their turns. Each reign has a number, above all known
//   ones. A follower that has heard nobody at all leads blind, under the reign that it knows: so a
//   leader that only this member failed to hear stays the leader. A blind leader becomes a full one
//   when it has heard others for P, none of them leads, and it has all that they show. Of two
//   leaders the one with the greater claim stays: the greater reign, full before blind, the smaller
//   rank, the smaller node. The other one takes no more writes, waits at most P until the first has
//   all that it has, and follows. A leader that is not fit goes on, and says so in its card; its
//   followers take over. A start listens, at most for P, and goes on as its stored row says unless
//   somebody leads or has led since.
//
// tests/model/promotion_model.py is these rules as a program, with judges; its traces are replayed
// here. leader/members/promotion.h carries the decisions out.
//
// Two clocks: silence, listening and waiting count the time between turns, and no gap as more than
// a beat, so a process that stood still listens before it acts. Cards age by the steady clock. No
// clock, no disk, no messages in here; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/wall_clock.h"
#include "regions/members/candidate.h"
#include "regions/members/state_age.h"
#include "regions/state/role_row.h"

namespace anabranch::regions {

class Candidacy {
 public:
  enum class Step : std::uint8_t {
    kNone,
    kFollow,      // A start is over: the member follows.
    kGoOn,        // A start is over: the member leads under its reign of before.
    kPromote,     // It leads.
    kBecomeFull,  // A blind leader takes a reign of its own.
    kTakeReign,   // A leader takes another reign, since it has heard of a greater one.
    kLeave,       // It takes no more writes, and waits for `to`.
    kStepDown,    // It follows.
    kStay,        // A handover has failed: it takes writes again.
  };

  // The caller has to do this, in this order.
  struct Decision {
    Step step = Step::kNone;  // The last one, where several were made at once.
    // The row to be stored and synced, with all before it, before anything else is done.
    std::optional<RoleRow> row = {};
    // The row of the reign is to be its next write. Said until it has been written.
    bool writes_reign = false;
    std::string_view why = {};  // For the log; empty without a step.
  };

  // The answer to a request of an operator.
  struct Answer {
    bool accepted = false;
    std::string_view why = {};  // Why not.
    Decision decision = {};
  };

  // The part of the own card that comes from here.
  struct Shown {
    MemberRole role = MemberRole::kStarts;
    std::uint64_t reign = 0;
    std::uint64_t known = 0;
    bool blind = false;
    bool able = false;
    bool ripe = false;  // Able, but that no row need list it.
    bool reach = false;
    OriginEnd end = {};
    std::optional<core::Millis> lag_ms = {};
    std::optional<core::Hash128> heir = {};
  };

  // The begin of a member's life: it listens first; or it is at once as its row says, as in a new
  // region, or where no member has `promote_after`.
  enum class Begin : std::uint8_t { kListens, kAtOnce };
  Candidacy(const RoleRow& row, Begin begin);

  // To be called at least once a beat, and when a card or a heartbeat has come.
  [[nodiscard]] Decision turn(const Situation& at);
  // Begins a handover to a member, by default to the first in the order: the role is kLeaves
  // then. Refused where this member leads blind or does not lead, and where that member is not
  // able or has no direct link.
  [[nodiscard]] Answer hand_over(const Situation& at, std::optional<core::Hash128> to = {});
  // Leads at once, and in full, by hand.
  [[nodiscard]] Answer promote(const Situation& at);
  // The card to be shown now.
  [[nodiscard]] Shown show(const Situation& at) const;
  // The newest card that was sent shows this: other candidates compare it, and so does this one.
  void told(bool reach, const OriginEnd& end) { told_ = {.reach = reach, .end = end}; }

  [[nodiscard]] MemberRole role() const { return role_; }
  [[nodiscard]] std::uint64_t reign() const { return reign_; }  // Its own, now or last.
  [[nodiscard]] std::uint64_t known() const { return known_; }  // The greatest that it knows.
  [[nodiscard]] bool blind() const { return blind_; }
  [[nodiscard]] core::Millis silence_ms() const { return silence_ms_; }
  // How old the state of a leader is that is covered here; nullopt while unknown; 0 while it leads.
  [[nodiscard]] std::optional<core::Millis> lag_ms(core::Millis now_ms) const;
  // The member that gets the lead, while this one leaves, or got it last.
  [[nodiscard]] const core::Hash128& to() const { return to_; }
  // The member that it names for the lead that it has handed over.
  [[nodiscard]] const std::optional<core::Hash128>& heir() const { return heir_; }
  // Why this member does not lead, for people; empty while it does.
  [[nodiscard]] std::string why_not(const Situation& at) const;

 private:
  using Mates = std::vector<const SeenCard*>;
  using Nodes = std::vector<core::Hash128>;
  struct Place;  // In the order of candidates.
  struct Claim;  // Of a leader.

  void note_leaders(const Situation& at, const Mates& mates);
  void hear(const Situation& at);
  void hear(const Situation& at, const SeenCard& card);
  void listen(const Situation& at, const Mates& mates);
  void follow(const Situation& at, const Mates& mates);
  void lead(const Situation& at, const Mates& mates);
  void leave(const Situation& at, const Mates& mates);
  void leave_for(const SeenCard& mate);
  void leave_bound(const Situation& at, const SeenLink* link);
  void leave_to_heir(const Situation& at, const Mates& mates, const SeenLink* link);
  void raise_reign(const OwnState& own, bool full);
  void begin_reign(std::uint64_t reign, bool blind, Step step, std::string_view why);
  void step_down(const Situation& at, std::string_view why);
  // Returns whether a start cannot know yet that the leader of a card lives.
  [[nodiscard]] bool may_be_own_past(const Situation& at) const;
  void end_start(bool leads, std::string_view why);
  void take(Step step, std::string_view why);
  void store(bool leads);

  [[nodiscard]] Mates mates(const Situation& at) const;
  [[nodiscard]] static bool is_fresh(const Situation& at, core::Millis made_ms);
  [[nodiscard]] bool hears(const Situation& at) const;
  [[nodiscard]] bool lacks(const Situation& at, const Mates& mates) const;
  [[nodiscard]] bool able(const Situation& at, bool unlisted = false) const;
  [[nodiscard]] bool reach(const Situation& at) const;
  [[nodiscard]] OriginEnd end(const OwnState& own) const;
  [[nodiscard]] Claim claim(const Situation& at) const;
  [[nodiscard]] bool is_its_turn(const Situation& at, Nodes before);
  [[nodiscard]] Nodes before(const Situation& at, const Mates& mates, bool moving) const;

  RoleRow row_;  // As it was last given to the caller.
  MemberRole role_ = MemberRole::kStarts;
  std::uint64_t reign_ = 0;
  std::uint64_t known_ = 0;
  bool blind_ = false;
  std::optional<core::Hash128> heir_;

  std::optional<core::Millis> last_ms_;  // The last turn.
  core::Millis passed_ms_ = 0;           // Since the turn before, at most a beat.
  core::Millis silence_ms_ = 0;          // Since the newest card of a fit leader was made.
  Nodes before_;                         // Candidates before it, in their order.
  core::Millis queued_ms_ = 0;           // Since it is these.
  core::Millis listened_ms_ = 0;
  core::Millis sight_ms_ = 0;  // A blind leader has heard somebody for so long, on end.
  core::Millis waited_ms_ = 0;
  core::Hash128 to_;
  bool bound_ = false;  // It leaves because another one leads, and comes back in no case.

  std::optional<core::Millis> leader_made_ms_;  // Of the newest card of a fit leader.
  std::optional<bool> leader_reach_;            // Of the last leader that was heard.
  StateAge age_;
  // The newest cards and heartbeats that were heard.
  struct Heard {
    core::Hash128 node;
    std::uint64_t opening = 0;
    std::uint64_t number = 0;
    std::optional<core::Millis> built_ms = {};
  };
  std::vector<Heard> heard_;
  struct Told {
    bool reach = false;
    OriginEnd end = {};
  };
  std::optional<Told> told_;  // By the last card.
  Decision decision_;
};

}  // namespace anabranch::regions
