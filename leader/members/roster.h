// The members of the mesh as this one knows them, the card that it shows, and all that a decision
// whether it leads goes by. It has no thread, lock or clock: members.h adds these, and the
// simulator drives it in virtual time. Not thread-safe.
//
// `now` is of the clock of the cards, which goes on while the machine is suspended; `steady_now` is
// the same moment by the clock of the replica.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "leader/members/cards.h"
#include "leader/members/choice.h"
#include "leader/members/leader_lag.h"
#include "leader/members/sightings.h"
#include "regions/members/candidacy.h"
#include "regions/members/fitness.h"
#include "regions/members/lister.h"
#include "regions/replica.h"
#include "regions/wire/member_card.h"

namespace anabranch::leader {

class Roster {
 public:
  // `own`: the card as it stays (fixed_card() of own_card.h).
  Roster(regions::MemberCard own, core::Millis opened_ms, core::Millis promote_after_ms);

  // Takes the state of the replica, and its links, into the own card; tells it of the members of
  // its region. Returns whether the card shows news, and is to be sent at once.
  bool look(regions::Replica& replica, const regions::Health& health, core::Millis now,
            core::Millis steady_now);
  // All that a decision goes by whether this member leads.
  [[nodiscard]] regions::Situation situation(const regions::Replica& replica,
                                             const regions::Health& health, core::Millis now,
                                             core::Millis steady_now);
  // The own card shows this from the next look() on; nullopt: what the replica does.
  void show(const std::optional<regions::Candidacy::Shown>& shown) { shown_ = shown; }

  // The own card is due, and again a beat later.
  [[nodiscard]] bool takes_beat(core::Millis now);
  // Returns the next own card, encoded. `applied`: all that anybody has read by now.
  [[nodiscard]] std::string next_own(const core::VersionVector& applied, core::Millis now);
  // When the next own card is due.
  [[nodiscard]] core::Millis next_own_ms() const { return next_own_ms_; }
  // What the newest card has shown; nullopt before the first one.
  [[nodiscard]] const std::optional<Choice::Sent>& last_sent() const { return sent_; }

  // For a handover where the region does not choose its leader; see Members.
  void leave(bool leaves) { leaves_ = leaves; }
  void name_heir(const core::Hash128& node, std::uint64_t reign);
  [[nodiscard]] bool is_named() const { return named_; }
  // Whether a member of the region leaves, or names this one: then the owner looks often.
  [[nodiscard]] bool is_urgent(core::Millis now) const;

  // The time after which the region promotes another member; 0: it never does.
  [[nodiscard]] core::Millis promote_after_ms() const;
  // The newest card of another member that leads this region, or leaves its lead; nullopt while
  // none is fresh.
  [[nodiscard]] std::optional<regions::MemberCard> leader(core::Millis now) const;
  // The name of a member, or its node where no card of it is known.
  [[nodiscard]] std::string name_of(const core::Hash128& node) const;
  // How old the leader's state is that this member covers; nullopt while unknown.
  [[nodiscard]] std::optional<core::Millis> lag_ms(core::Millis now) const;

  // Whether a card's reigns may be: those of this region that are far beyond all that is known are
  // forged (regions/wire/reign.h).
  [[nodiscard]] bool believes_reigns(const regions::MemberCard& card) const;

  [[nodiscard]] Cards& cards() { return cards_; }
  [[nodiscard]] const Cards& cards() const { return cards_; }
  [[nodiscard]] const regions::MemberCard& own() const { return own_; }

 private:
  // Writes how far the replica is into the own card, and whether it may be promoted.
  void show_state(const regions::Replica& replica, core::Millis now);
  // The cards of the other members of the region, for the list of regions.
  [[nodiscard]] std::vector<regions::ShownMember> shown_members(core::Millis now) const;
  // Writes into the own card what was decided.
  void show_candidate(const regions::Candidacy::Shown& shown);
  // Writes into the own card that it leaves the lead, or the heir that it names.
  void show_handover(const regions::Replica& replica, core::Millis now);
  // Whether a card names this member as the heir of a lead that nobody has: under the greatest
  // reign that is known, as an older one would come back at the next handover.
  [[nodiscard]] bool names_me(const regions::Replica& replica, core::Millis now) const;
  // The greatest reign that a card of the region names.
  [[nodiscard]] std::uint64_t known_reign() const;

  const std::string region_;
  regions::MemberCard own_;
  Cards cards_;
  regions::Fitness fitness_;
  Sightings sightings_;
  LeaderLag lag_;
  std::optional<core::Millis> covered_ms_;  // The state of the leader that is covered is of then.
  core::Millis next_own_ms_ = 0;
  std::optional<Choice::Sent> sent_;
  std::optional<regions::Candidacy::Shown> shown_;
  bool named_ = false;
  bool leaves_ = false;
  std::optional<core::Hash128> heir_;
  std::uint64_t left_reign_ = 0;  // Under which it names the heir.
};

}  // namespace anabranch::leader
