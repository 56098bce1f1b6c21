// The work of a replica beside writing and applying: snapshots are sent, taken and merged, large
// clears swept, dead slots collected, rows compared with those of peers, and one side of a fork
// gives way. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "regions/clocks/stable_time.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/rejoin/fork_repair.h"
#include "regions/rejoin/incarnations.h"
#include "regions/replica_options.h"
#include "regions/snapshot/snapshots.h"
#include "regions/state/committed.h"
#include "regions/upkeep.h"
#include "regions/verify/verifier.h"
#include "regions/wire/alarms.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class Background {
 public:
  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    LocalWriter& writer;
    LogKeeper& keeper;
    Inbox& inbox;
    StableTime& time;
    const RegionList& regions;
    SettledOrigins& settled;
    Alarms& alarms;
    Effects& effects;
  };

  // All that the owner refers to must outlive this.
  Background(const Owner& owner, const ReplicaOptions& options);

  // ---- Work in slices. The group must not be dirty. Each slice returns whether more is waiting.

  // Does a slice of the snapshots that are sent, received and merged, and of giving way. Fails when
  // a commit fails.
  core::Result<bool> work(core::Millis now);
  // Sweeps a slice, in one commit, or, when nothing is left to sweep, does a slice of the work on
  // orders.
  core::Result<bool> sweep() { return upkeep_.sweep(owner_.writer.close_group()); }
  // Drops the dead slots that it knows of and that nothing waits for any more; not while a snapshot
  // is merged, whose dead slots it knows before they are in the rows.
  core::Result<void> collect();

  // ---- On request.

  // Gives way to the other history of an origin that has two: begins to join as if empty and to
  // write again the ops that only this side has (rejoin.h). With `adopt` also those of another
  // region under that origin, although its leader has the other history. The group must not be
  // dirty. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> resolve_fork(core::Origin origin, bool adopt, core::Millis now) {
    return repair_.resolve(owner_.writer.close_group(), origin, adopt, now);
  }
  // Asks a peer for a snapshot, as it does by itself when no log has the batches that are lacking
  // here.
  void ask_for_snapshot(core::Origin peer, core::Millis now);
  // Takes all rows again from a peer with all of them, as soon as one is connected; or does so only
  // if they are damaged. See DamagedTables.
  void take_rows_again(bool wanted);
  // Begins to compare rows with these regions, or with all peers; see Verifier. Fails with kInvalid
  // for the name of a region that is not listed and no peer's, and when this replica is closed.
  core::Result<void> verify(std::vector<std::string> regions, core::Millis now);

  // Returns whether others' rows take, or should take, the place of those that are here: then
  // nothing is to be decided by them.
  [[nodiscard]] bool replaces_rows() const {
    return repair_.rejoin() != nullptr || owner_.state.damaged().any();
  }

  // ---- The parts.

  [[nodiscard]] Snapshots& snapshots() { return snapshots_; }
  [[nodiscard]] const Snapshots& snapshots() const { return snapshots_; }
  [[nodiscard]] Upkeep& upkeep() { return upkeep_; }
  [[nodiscard]] const Upkeep& upkeep() const { return upkeep_; }
  [[nodiscard]] Incarnations& incarnations() { return incarnations_; }
  [[nodiscard]] ForkRepair& repair() { return repair_; }
  [[nodiscard]] const ForkRepair& repair() const { return repair_; }
  [[nodiscard]] Verifier& verifier() { return verifier_; }
  [[nodiscard]] const Verifier& verifier() const { return verifier_; }

 private:
  core::Result<void> make_ready();

  Owner owner_;
  Upkeep upkeep_;
  Snapshots snapshots_;
  Incarnations incarnations_;
  ForkRepair repair_;
  Verifier verifier_;
};

}  // namespace anabranch::regions
