// All that goes on beside local writes, a slice at a time: batches of other regions are applied,
// rows are moved, tidied and removed. Not thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <anabranch/status.h>

#include "core/wall_clock.h"
#include "leader/pace/intake.h"
#include "leader/pace/pacer.h"
#include "leader/sweeps/sweeps.h"
#include "regions/replica.h"

namespace anabranch::leader {

class BesideWrites {
 public:
  // Local writes are slowed as by Intake.
  BesideWrites(std::string region, core::Millis slow_ms) : intake_(std::move(region), slow_ms) {}

  // Notes that a local write was committed.
  void wrote() { pacer_.wrote(); }
  // Whether the next slice may run.
  [[nodiscard]] bool due(Pacer::Time now) const { return pacer_.due(now); }
  // The time until then; rounded up.
  [[nodiscard]] std::chrono::milliseconds rest(Pacer::Time now) const { return pacer_.rest(now); }
  // Does a slice, or, where others press, several; calls the function with each failure. Returns
  // whether more is waiting. Does nothing while the replica refuses writes.
  bool slice(regions::Replica& replica, Sweeps& sweeps, core::Millis now,
             const Sweeps::Failed& failed);
  // Fills in how far this leader is behind.
  void tell(StoreStatus& status) const { intake_.tell(status); }

 private:
  Pacer pacer_;
  Intake intake_;
};

}  // namespace anabranch::leader
