// How far the regions of the peers are behind this leader: the age of the oldest write made here
// that they have not confirmed as applied; and the alarm about those that are too far behind.
//
// Ages are by the steady clock of this leader, and for people: nothing that is stored, shown or
// removed depends on them. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "core/wall_clock.h"
#include "leader/health/write_times.h"
#include "regions/replica.h"

namespace anabranch::leader {

class Lag {
 public:
  struct Alarm {
    std::string text;
    std::string what_to_do;
  };

  // The alarm about a region begins when it is further behind than `alarm_ms`, and is over when it
  // has come back to half of that. 0: no alarms. Lines begin with the name of this region.
  Lag(std::string region, core::Millis alarm_ms)
      : region_(std::move(region)), alarm_ms_(alarm_ms) {}

  // Notes the writes made here so far; to be called after commits.
  void note(const regions::Replica& replica, core::Millis now);
  // The same; and logs the alarms that begin or are over.
  void look(const regions::Replica& replica, core::Millis now);

  // How far a peer is behind: for one that leads, its region, by all its leaders. `shown`: by what
  // it has applied, or by what it has told to be durable.
  using Shown = core::VersionVector regions::Peer::*;
  [[nodiscard]] core::Millis behind_ms(const regions::Peer& peer, const regions::Replica& replica,
                                       core::Millis now,
                                       Shown shown = &regions::Peer::applied) const;
  // {region: its alarm}, as of the last look.
  [[nodiscard]] const std::map<std::string, Alarm>& alarms() const { return alarms_; }

 private:
  [[nodiscard]] Alarm alarm_of(const regions::Peer& peer, const regions::Replica& replica,
                               core::Millis behind_ms) const;
  void say(const std::string& about, const std::string& text, bool warn) const;

  std::string region_;
  core::Millis alarm_ms_;
  WriteTimes times_;
  std::map<std::string, Alarm> alarms_;
};

}  // namespace anabranch::leader
