// All sweeps of a leader, and the writing again of lost writes. Not thread-safe.
#pragma once

#include <functional>
#include <memory>

#include <anabranch/options.h>
#include <anabranch/status.h>

#include "leader/salvage/salvage.h"
#include "leader/sweeps/erased_sweep.h"
#include "leader/sweeps/expiry_sweep.h"
#include "leader/sweeps/orphan_sweep.h"
#include "leader/sweeps/request_sweep.h"
#include "storage/engine/open_storage.h"

namespace anabranch::leader {

class Sweeps {
 public:
  // All must outlive this.
  Sweeps(regions::Replica& replica, const storage::Storage& storage,
         const rows::Resolvers& resolvers, const Options& options)
      : expiries_(replica, storage, resolvers, {.grace_ms = options.expiry_grace_ms}),
        erased_(replica, storage, {}),
        orphans_(replica, storage, {}),
        requests_(replica, {.once_ms = options.once_ms}),
        log_files_(storage::log_files_of(options.path)),
        salvage_({replica, *log_files_, resolvers, !options.peers.empty()}) {}

  using Failed = std::function<void(const core::Failure& why)>;
  // Does a slice of each sweep that is due; returns whether expired keys are left that may be
  // cleared at once, or lost writes that may be written again.
  bool slice(core::Millis now, const Failed& failed) {
    const auto expiring = expiries_.slice(now);
    if (!expiring.ok()) failed(expiring.failure());
    if (const auto done = erased_.slice(now); !done.ok()) failed(done.failure());
    if (const auto done = orphans_.slice(now); !done.ok()) failed(done.failure());
    if (const auto done = requests_.slice(now); !done.ok()) failed(done.failure());
    const auto salvaging = salvage_.slice();
    if (!salvaging.ok()) failed(salvaging.failure());
    return (expiring.ok() && expiring.value()) || (salvaging.ok() && salvaging.value());
  }
  // Fills in the figures of the sweeps.
  void tell(StoreStatus& status) const {
    status.set_aside_bytes = salvage_.bytes();
    status.expired_waiting = expiries_.waiting();
    status.expired_cleared = expiries_.cleared();
    status.requests_forgotten = requests_.counts().forgotten;
    status.requests_corrections = requests_.counts().corrections;
  }
  [[nodiscard]] Salvage& salvage() { return salvage_; }

 private:
  ExpirySweep expiries_;
  ErasedSweep erased_;
  OrphanSweep orphans_;
  RequestSweep requests_;
  std::unique_ptr<storage::Files> log_files_;
  Salvage salvage_;
};

}  // namespace anabranch::leader
