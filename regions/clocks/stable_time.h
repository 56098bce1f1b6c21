// The stable time: the deadline up to which no other leader can let a key live longer. It shows how
// far the clock of this leader is, takes in the clocks that heartbeats show of others, and raises
// alarms for clocks that are wrong.
//
// Stores the words heard of clocks and the jumps of the own one. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/clocks/clock_bounds.h"
#include "regions/clocks/clock_jumps.h"
#include "regions/clocks/clock_watch.h"
#include "regions/clocks/heard_clocks.h"
#include "regions/exchange/exchange.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/state/committed.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class StableTime final : public Participant {
 public:
  struct Owner {
    CommittedState& state;
    LogKeeper& keeper;
    const RegionList& regions;
    const SettledOrigins& settled;
    const Exchange& exchange;
    Alarms& alarms;
  };

  // All that the owner refers to must outlive this. A leader that is away keeps keys that have
  // expired from being cleared for `wait`.
  StableTime(Owner owner, core::Millis drift_ms_max, core::Millis wait)
      : owner_(owner), drift_ms_max_(drift_ms_max), wait_ms_(wait) {}
  core::Result<void> load(const storage::Snapshot& snapshot);
  // Goes on from the clock shown before, once the log keeper is loaded and the clock runs.
  void open();

  // A heartbeat, completed by Exchange::complete().
  void on(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  // Stores the words heard of clocks, when that is due.
  core::Result<void> store(core::Millis now);
  void record(Commit& commit) override;
  // Looks at the own clock: whether it has moved, and how far it is ahead.
  void look(core::Millis now);
  // Raises an alarm for each new complaint.
  void raise_alarms(core::Millis now);
  // Another history has come in the place of the one that clocks were heard of.
  void forget() { bounds_ = {}; }

  // For heartbeats, of a leader and of a listed member: the timestamp of each leader up to which
  // all its writes are applied here and its clock has passed; and the words heard of clocks.
  [[nodiscard]] core::VersionVector shown(core::Millis now);
  [[nodiscard]] std::vector<ClockWord> words(core::Millis now) const;
  // Looks at the own clock, and returns all that heartbeats show of time.
  [[nodiscard]] HeartbeatState heartbeat_state(core::Millis now);

  // The deadline up to which nobody else can let a key live longer: the clock of every other leader
  // is known to have passed it, and everything that it wrote before has been applied here; or it is
  // not waited for any longer (heard_clocks.h). In milliseconds since 1970; crdt::Expiry::kNever
  // without other leaders. Retired regions count, those declared lost do not.
  [[nodiscard]] core::Millis stable_time_ms(core::Millis now);
  // Whether this leader may clear at all: its wall clock has not moved against its steady one
  // lately, and does not stand alone against those of several regions. Members of its own region
  // are no witnesses: two under one wrong source of time agree.
  [[nodiscard]] bool may_clear(core::Millis now);
  // The deadline up to which this leader may clear: stable_time_ms(), or -1 while may_clear()
  // forbids it.
  [[nodiscard]] core::Millis clearable_ms(core::Millis now) {
    return may_clear(now) ? stable_time_ms(now) : -1;
  }
  // A sentence for each clock that is wrong, or was and goes on winning; by region, the own one
  // under an empty name, and its subject.
  [[nodiscard]] std::map<std::string, std::string> complaints(core::Millis now) const;
  [[nodiscard]] const ClockWatch& clocks() const { return clocks_; }

 private:
  void watch(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  void hear(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  // Whether others wait for this clock: this replica leads, or it is a listed member, that may lead
  // one day. Until then it writes nothing, and afterwards nothing below the timestamp shown.
  [[nodiscard]] bool is_waited_for() const;
  // The timestamp of this leader that others may know to be passed.
  [[nodiscard]] core::Hlc own(core::Millis now);
  // The other leaders whose clocks must pass a deadline, each with its region.
  [[nodiscard]] std::map<core::Origin, std::string> waited_for() const;
  // Tells readers how late it is at least, so that they do not go back.
  void post();
  [[nodiscard]] core::Millis wall_ms() const { return owner_.state.clock()->wall_ms(); }
  // Both clocks: whatever compares them must not use the `now` of its caller, which may have been
  // read long ago, where a turn has stalled.
  [[nodiscard]] core::Moment moment(core::Millis now) const {
    return owner_.state.clock()->moment(now);
  }
  [[nodiscard]] rows::PublishedExpiry& expiry() {
    return owner_.state.applied().published_expiry();
  }

  Owner owner_;
  core::Millis drift_ms_max_;
  core::Millis wait_ms_;
  ClockWatch clocks_{drift_ms_max_};
  std::set<std::string> wrong_;  // Of the complaints that were made and still hold.
  ClockBounds bounds_;
  HeardClocks heard_{drift_ms_max_};
  ClockJumps jumps_{drift_ms_max_};
  core::Hlc shown_clock_;                 // As heartbeats say.
  core::Millis believed_ms_ = 0;          // The part of that that others may believe.
  std::optional<core::Millis> store_at_;  // The next commit stores as of this running time.
};

}  // namespace anabranch::regions
