// All that a member goes by when it decides whether to lead (regions/members/candidate.h), gathered
// from the cards that are known here, and from the heartbeats of direct links.
//
// Heartbeats are timed by a clock that stands still while the machine is suspended, and cards by
// one that goes on. An answer to a heartbeat from before a suspension tells nothing: it would seem
// younger than it is. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "core/hash.h"
#include "core/wall_clock.h"
#include "leader/members/card_table.h"
#include "regions/members/candidate.h"
#include "regions/replica.h"

namespace anabranch::leader {

class Sightings {
 public:
  struct Own {
    bool fit = false;
    bool drained = false;
    std::uint64_t rank = 0;
  };

  // Returns the situation of this member at `now`, of the clock of the cards; `steady_now` is the
  // same moment by the clock of the replica.
  [[nodiscard]] regions::Situation look(const regions::Replica& replica, const CardTable& cards,
                                        const Own& own, const regions::CandidacyTimes& times,
                                        core::Millis now, core::Millis steady_now);

 private:
  // A member as it was when a card was made.
  struct Past {
    core::Millis made_ms = 0;
    regions::MemberRole role = regions::MemberRole::kStarts;
    bool able = false;
    std::optional<core::Millis> lag_ms = {};
  };
  struct Member {
    std::deque<Past> past;        // The newest cards, the last one last.
    std::uint64_t nonce = 0;      // Of its opening.
    core::Millis asked_ms = -1;   // The newest answer on a link; by the replica's clock.
    regions::SeenLink link = {};  // As of then, without vectors.
  };

  void note_suspension(core::Millis now, core::Millis steady_now);
  void note(const KnownCard& known);
  void note(Member& member, const regions::Link::Answer& answer, core::Millis now,
            core::Millis steady_now);
  void add_links(regions::Situation& at, const regions::Replica& replica, core::Millis steady_now);

  std::map<core::Hash128, Member> members_;  // By node, as the table has them.
  std::optional<core::Millis> ahead_ms_;     // Of the clock of the cards, before the replica's.
  core::Millis awake_ms_ = 0;  // Since when the machine was not suspended, by the replica's clock.
};

}  // namespace anabranch::leader
