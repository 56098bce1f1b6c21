// Detects wrong clocks. Every heartbeat shows the wall clock of its sender; if that differs from
// the own clock by more than the allowed drift, one of the two is wrong. When most of the clocks
// heard agree with each other and not with this machine, the wrong one is this machine's.
//
// A delayed heartbeat shows a clock that only seems to be behind. The delay is less than a round
// trip, which the echo in the heartbeat tells (message.h): a clock that was right at one moment of
// the round trip, and wrong at another, is not judged by this heartbeat. Example, with a drift of
// 60 s: 75 s behind after a round trip of 20 ms is wrong; after one of 40 s the clock is between 75
// and 35 s behind, which proves nothing.
//
// A single heartbeat proves nothing either, since a machine may have slept, and its steady clock
// with it: a clock counts as wrong only after it has been wrong for some seconds.
//
// No write and no batch waits because of a clock, and no clock is followed further than the drift
// (core/hlc.h); but keys do not expire by a clock that is ahead of the certain time
// (rows/published_expiry.h). Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/wire/message.h"

namespace anabranch::regions {

class ClockWatch {
 public:
  // Readings older than this are ignored.
  static constexpr core::Millis kForgetMs = 30'000;
  // How long a clock must be wrong before it counts as wrong.
  static constexpr core::Millis kBelieveMs = 5'000;

  explicit ClockWatch(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}

  // Returns the time that a heartbeat and the one it echoes have been under way, at the steady time
  // `now` of its arrival; nullopt when there is no echo, or an impossible one.
  [[nodiscard]] static std::optional<core::Millis> round_trip_ms(const std::optional<Echo>& echo,
                                                                 core::Millis now);
  // Records the wall clock that a region has shown; `wall` is the own one, `now` the steady clock.
  // Without a round trip only a clock that is ahead can be judged.
  void heard(const std::string& region, core::Millis shown,
             std::optional<core::Millis> round_trip_ms, core::Millis wall, core::Millis now);

  // Records that the own clock has jumped by `by` against the steady one: all other clocks are
  // ahead by that much less.
  void jumped(core::Millis by, core::Millis now);

  // Returns how far the clock of a region is ahead of this one, negative when it is behind; nullopt
  // when the region has not been heard for a while, or its clock has been wrong for less than
  // kBelieveMs.
  [[nodiscard]] std::optional<core::Millis> ahead_ms(const std::string& region,
                                                     core::Millis now) const;
  // Returns how far this machine's clock is ahead of most others, negative when it is behind;
  // nullopt when it agrees with them, or when too few are heard.
  [[nodiscard]] std::optional<core::Millis> own_ahead_ms(core::Millis now) const;
  // Returns how far this machine's clock is ahead of the certain time: of most other clocks, or,
  // when no clock heard agrees with it, of the nearest one that is behind. 0 when it is not ahead.
  [[nodiscard]] core::Millis lead_ms(core::Millis now) const;
  // Returns whether any region is heard with a clock that can be judged.
  [[nodiscard]] bool hears(core::Millis now) const;
  // One sentence for each wrong clock, by region, the own one under an empty name.
  using Complaints = std::map<std::string, std::string>;
  [[nodiscard]] Complaints complaints(core::Millis now) const;

 private:
  struct Reading {
    core::Millis ahead_ms = 0;
    core::Millis heard_ms = 0;
    core::Millis wrong_since_ms = -1;  // -1 while it is right.
  };
  // Returns by how much each clock heard lately is ahead, sorted, including those not judged yet.
  [[nodiscard]] std::vector<core::Millis> readings(core::Millis now) const;
  void set_ahead(Reading& reading, core::Millis ahead_ms, core::Millis now) const;
  [[nodiscard]] bool wrong(core::Millis ahead_ms) const {
    return ahead_ms > drift_ms_max_ || ahead_ms < -drift_ms_max_;
  }

  core::Millis drift_ms_max_;
  std::map<std::string, Reading> heard_;
};

}  // namespace anabranch::regions
