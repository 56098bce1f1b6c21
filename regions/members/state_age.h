// How old the state of a leader is that this member covers: its lag. It is known by durations
// alone, in three ways:
//
//   the card of a leader    once the end that it names is applied here, as old as the card: the row
//                           of its reign lies before that end, and so does all that it had seen.
//                           Not where the end is in another origin than its own: that of a leader
//                           that has begun an origin, until the row of its reign is there, too. And
//                           not of a blind leader, that writes no such row
//   a direct link           once the vector of a leader's heartbeat is applied here, as old as the
//                           heartbeat; of another able member, older by its own lag
//   all have spoken         nobody leads, and each listed member has shown its vector on a direct
//                           link: one of them has all that a leader can have told, but what their
//                           disks have lost since. Once all of it is applied here, as old as the
//                           oldest of these heartbeats. Not at a member that the list, as it is
//                           applied here, does not name, nor where it names others by then than
//                           those that have spoken: too few may be known
//
// A restart forgets it. Safety does not need it: a leader that lags costs its clients a step back.
// Not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "regions/members/candidate.h"

namespace anabranch::regions {

class StateAge {
 public:
  // Hears a card that is new here, fresh, and of a leader of the own region.
  void hear(const SeenCard& leader);
  // Hears of a heartbeat that is new here, no older than P, and of a member of the own region.
  void hear(const SeenLink& link);
  // Looks at all that was heard, by the vector that is applied here. `mates` are the fresh cards of
  // the own region; `vacant`: this member follows, and none of them holds the lead.
  void look(const Situation& at, const std::vector<const SeenCard*>& mates, bool vacant);
  // This member has led until now.
  void led_until(core::Millis now_ms);

  // nullopt while no state of a leader is covered.
  [[nodiscard]] std::optional<core::Millis> lag_ms(core::Millis now_ms) const;

 private:
  // A state of a leader that was one at `made_ms`, or later.
  struct Shown {
    core::Millis made_ms = 0;
    core::VersionVector vector;
  };
  // The oldest that is not covered yet, and the newest: others between would only cost room.
  using Pending = std::vector<Shown>;
  static void add(Pending& pending, Shown shown);
  void gather(const Situation& at, const std::vector<const SeenCard*>& mates);
  void look(Pending& pending, const core::VersionVector& applied);
  void cover(core::Millis made_ms);

  std::optional<core::Millis> covered_ms_;
  Pending of_cards_;
  Pending of_links_;
  struct Spoken {
    Shown shown;
    std::vector<core::Hash128> kin;  // Who has spoken.
  };
  std::optional<Spoken> of_all_;
};

}  // namespace anabranch::regions
