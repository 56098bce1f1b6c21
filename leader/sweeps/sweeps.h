// All sweeps of a leader. Not thread-safe.
#pragma once

#include <functional>

#include <anabranch/options.h>
#include <anabranch/status.h>

#include "leader/sweeps/erased_sweep.h"
#include "leader/sweeps/expiry_sweep.h"
#include "leader/sweeps/orphan_sweep.h"
#include "leader/sweeps/request_sweep.h"

namespace anabranch::leader {

class Sweeps {
 public:
  // All must outlive this.
  Sweeps(regions::Replica& replica, const storage::Storage& storage,
         const rows::Resolvers& resolvers, const Options& options)
      : expiries_(replica, storage, resolvers, {.grace_ms = options.expiry_grace_ms}),
        erased_(replica, storage, {}),
        orphans_(replica, storage, {}),
        requests_(replica, {.once_ms = options.once_ms}) {}

  using Failed = std::function<void(const core::Failure& why)>;
  // Does a slice of each sweep that is due; returns whether expired keys are left that may be
  // cleared at once.
  bool slice(core::Millis now, const Failed& failed) {
    const auto expiring = expiries_.slice(now);
    if (!expiring.ok()) failed(expiring.failure());
    if (const auto done = erased_.slice(now); !done.ok()) failed(done.failure());
    if (const auto done = orphans_.slice(now); !done.ok()) failed(done.failure());
    if (const auto done = requests_.slice(now); !done.ok()) failed(done.failure());
    return expiring.ok() && expiring.value();
  }
  // Fills in the figures of the sweeps.
  void tell(StoreStatus& status) const {
    status.expired_waiting = expiries_.waiting();
    status.expired_cleared = expiries_.cleared();
    status.requests_forgotten = requests_.counts().forgotten;
    status.requests_corrections = requests_.counts().corrections;
  }

 private:
  ExpirySweep expiries_;
  ErasedSweep erased_;
  OrphanSweep orphans_;
  RequestSweep requests_;
};

}  // namespace anabranch::leader
