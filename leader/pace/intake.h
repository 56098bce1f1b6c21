// How far this leader is behind the others: the time since it was told of the oldest write that a
// connected peer has and that is not applied here. When that is longer than a limit, applying gets
// more time and local writes less, in proportion: otherwise leaders that are all written to at full
// speed would fall behind each other as long as the load lasts.
//
// Times are by the steady clock of this leader. They decide how fast writes are accepted, and
// nothing that is stored, shown or removed. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include <anabranch/status.h>

#include "core/wall_clock.h"
#include "leader/health/write_times.h"
#include "regions/replica.h"

namespace anabranch::leader {

class Intake {
 public:
  // The vectors of the peers are looked at once in this time.
  static constexpr core::Millis kLookMs = 20;
  // At this multiple of the limit the pressure is greatest.
  static constexpr core::Millis kGreatest = 4;

  // Local writes are slowed while this leader is further behind than `slow_ms`; 0: never. Lines of
  // the log begin with the name of its region.
  Intake(std::string region, core::Millis slow_ms)
      : region_(std::move(region)), slow_ms_(slow_ms) {}

  // Notes what the peers have. `waiting`: whether batches that can be applied wait for their turn.
  // Logs once that writes are slowed, and once that this is over. Returns the pressure: between 0,
  // up to the limit, and 1.
  double look(const regions::Replica& replica, bool waiting, core::Millis now);

  // Milliseconds, as of the last look; 0: nothing is missing.
  [[nodiscard]] core::Millis behind_ms() const { return behind_ms_; }
  // As of the last look.
  [[nodiscard]] double pressure() const;
  // Whether local writes are slowed. Once begun, until half of the limit is reached.
  [[nodiscard]] bool slows() const { return slows_; }
  void tell(StoreStatus& status) const {
    status.behind_ms = behind_ms_;
    status.slowed = slows_;
  }

 private:
  void note(const regions::Replica& replica, core::Millis now);
  void say();

  std::string region_;
  core::Millis slow_ms_;
  core::Millis next_look_ms_ = 0;
  core::Millis behind_ms_ = 0;
  bool slows_ = false;
  std::map<core::Origin, WriteTimes> lacking_;  // Of origins of which a connected peer has more.
};

}  // namespace anabranch::leader
