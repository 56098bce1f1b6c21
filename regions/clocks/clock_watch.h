// Whose clock is wrong. Every heartbeat shows the wall clock of its sender; one that differs from
// the own by more than the allowed drift is wrong on one of the two sides. When most of those that
// are heard agree with each other and not with this machine, it is this machine.
//
// A heartbeat may have waited on its way, and then shows a clock that only seems to be behind. It
// has waited for less than a round trip, which it tells by an echo (message.h): a clock that was
// right at one moment of the round trip, and wrong at another, is not judged by this heartbeat.
// Example, with a drift of 60 s: 75 s behind after a round trip of 20 ms is wrong; after one of
// 40 s it is between 75 and 35 s behind, which says nothing.
//
// Nor does one heartbeat prove anything, since a machine may have slept, and its steady clock with
// it: a clock is wrong when it has been for some seconds.
//
// Nothing that is written or applied waits because of a clock, and nobody's clock is followed
// further than the drift (core/hlc.h); but keys do not expire by a clock that is ahead of what is
// certain (rows/expiry_board.h). Not thread-safe.
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
  // What was heard longer ago says nothing any more.
  static constexpr core::Millis kForgetMs = 30'000;
  // For how long a clock must be wrong.
  static constexpr core::Millis kBelieveMs = 5'000;

  explicit ClockWatch(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}

  // How long a heartbeat and what it answers have been under way, at the steady time `now` at which
  // it came; nothing when it answers nothing, or nothing that can be.
  [[nodiscard]] static std::optional<core::Millis> round_trip_ms(const std::optional<Echo>& echo,
                                                                 core::Millis now);
  // A region has shown its wall clock; `wall` is the own one, `now` the steady clock. Without a
  // round trip only a clock that is ahead can be told.
  void heard(const std::string& region, core::Millis shown,
             std::optional<core::Millis> round_trip_ms, core::Millis wall, core::Millis now);

  // The own clock has moved by so much against the steady one: so much less the others are ahead.
  void jumped(core::Millis by, core::Millis now);

  // How far the clock of a region is ahead of this one, negative when it is behind; nothing when it
  // has not been heard for a while, or not long enough to be believed.
  [[nodiscard]] std::optional<core::Millis> ahead_ms(const std::string& region,
                                                     core::Millis now) const;
  // How far this machine's clock is ahead of most others, negative when it is behind; nothing when
  // it agrees with them, or when too few are heard to say.
  [[nodiscard]] std::optional<core::Millis> own_ahead_ms(core::Millis now) const;
  // How far this machine's clock is ahead of what is certain: of most others, or, when nobody that
  // is heard agrees with it, of the nearest one that is behind. 0 when it is not.
  [[nodiscard]] core::Millis lead_ms(core::Millis now) const;
  // Whether anybody is heard who is believed.
  [[nodiscard]] bool hears(core::Millis now) const;
  // A sentence for each clock that is wrong, by region, the own one under an empty name.
  using Complaints = std::map<std::string, std::string>;
  [[nodiscard]] Complaints complaints(core::Millis now) const;

 private:
  struct Reading {
    core::Millis ahead_ms = 0;
    core::Millis heard_ms = 0;
    core::Millis wrong_since_ms = -1;  // -1 while it is right.
  };
  // How far each that is still heard is ahead, sorted, be it believed yet or not.
  [[nodiscard]] std::vector<core::Millis> readings(core::Millis now) const;
  void set_ahead(Reading& reading, core::Millis ahead_ms, core::Millis now) const;
  [[nodiscard]] bool wrong(core::Millis ahead_ms) const {
    return ahead_ms > drift_ms_max_ || ahead_ms < -drift_ms_max_;
  }

  core::Millis drift_ms_max_;
  std::map<std::string, Reading> heard_;
};

}  // namespace anabranch::regions
