// The replica: one region's state and protocol, without I/O of its own. No threads, sockets,
// clocks, files or randomness: writes, messages and the time come in, effects go out, on top of a
// Storage. tests/model/model.py specifies its effects on rows; the simulator and the leader run
// this class.
//
//   begin    begins a local transaction in the open group      commit   closes the group: one batch
//   step     takes a message in                                apply    applies what is deliverable
//   tick     heartbeats, stalls, trimming                      durable  tells what is on disk
//
// Effects are in effects() until the owner takes them. Invariants: 1. nothing is sent, shown to
// readers or acknowledged before the commit it follows from; 2. a batch is applied exactly once,
// when all that it depends on has been; 3. after a failed commit nothing more is written, applied
// or sent. Not thread-safe; readers use snapshots of the storage and names().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/clocks/stable_time.h"
#include "regions/conflicts/conflict_log.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/membership.h"
#include "regions/modules.h"
#include "regions/policies.h"
#include "regions/presence/presence_exchange.h"
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

class Replica {
 public:
  // Opens the storage and continues where it ends. Both references must outlive the replica. Fails
  // with kInvalid when the storage belongs to another region or mesh, kCorrupt when it cannot be
  // read, kIo when the opening cannot be recorded.
  static core::Result<std::unique_ptr<Replica>> open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options);

  // ---- Local writes.

  // Returns the open group, begun when there is none; staged writes can be read from its stage.
  Group& group() { return writer_.group(); }
  // Begins a transaction of the open group, or a part of the one that is open already. Throws
  // kClosed after a failed commit, and kReadOnly on a follower.
  [[nodiscard]] OpenTransaction begin() { return writer_.begin(); }
  // Commits the open group as one batch, or lets go of it when it is empty. Returns the position in
  // the log that holds all writes so far.
  core::Result<storage::Position> commit() { return writer_.commit(); }
  // Tells readers of a row that is staged or about to be committed, if it is that of an expiry.
  void note_expiry(const core::Path& path) { state_.note_expiry(path); }

  // ---- The leader as a member of the mesh.

  // Writes into the list of regions, if that is due, that this leader has opened its origin, and
  // the proposals of its region. The group must not be dirty.
  core::Result<void> announce();
  // Takes writes from now on, under a new origin, if it has followed until now.
  core::Result<void> promote(core::Millis now);
  // Stages that a region is retired, that it is lost for good, or, with kNone, that it counts
  // again. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement) {
    return members_.retire(region, retirement);
  }
  // Stages that a policy is set, or removed; see Policies.
  core::Result<void> set_policy(const rows::PolicyScope& scope, const rows::Policy& policy) {
    return policies_.set(scope, policy);
  }
  core::Result<void> remove_policy(const rows::PolicyScope& scope) {
    return policies_.remove(scope);
  }
  // Stages that a module of a plugin is added, or removed; see modules.h.
  core::Result<std::string> add_module(std::string_view module) {
    return regions::add_module(writer_, module);
  }
  core::Result<void> remove_module(std::string_view name) {
    return regions::remove_module(writer_, name);
  }
  // Gives way to the other history of an origin that has two: begins to join as if empty and to
  // write again the ops that only this side has (rejoin.h). With `adopt` also those of another
  // region under that origin, although its leader has the other history. The group must not be
  // dirty. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> resolve_fork(core::Origin origin, bool adopt, core::Millis now) {
    return repair_.resolve(writer_.close_group(), origin, adopt, now);
  }

  // ---- The other leaders. The time is any steady clock's.

  // `region` is the one that must be at the other end; empty when any may be.
  void link_up(LinkId link, std::string address, core::Millis now, std::string region = {});
  void link_down(LinkId link);
  // Takes a message in.
  void step(LinkId link, Message message, core::Millis now);
  // Pauses a peer, or ends its pause. Returns whether its name is known; see Links.
  bool pause(std::string_view peer) { return exchange_.pause(peer); }
  bool resume(std::string_view peer);
  // Asks a peer for a snapshot, as tick() does when no log has the batches that are lacking here.
  void ask_for_snapshot(core::Origin peer, core::Millis now);
  // Sends a message of presence to all that hear it, `held_ms` after it was published; its lengths
  // must be those of a Presence. Those of others come as effects.
  void publish(std::string channel, std::string body, core::Millis held_ms, core::Millis now);
  // Begins to compare rows with these regions, or with all peers; see Verifier.
  void verify(std::vector<std::string> regions, core::Millis now);
  // The effects that the owner has to carry out; it takes or clears them, and may add its own.
  [[nodiscard]] Effects& effects() { return effects_; }

  // ---- Work in slices. The group must not be dirty. Each slice returns whether more is waiting.

  // Applies a slice of the deliverable batches, in one commit.
  core::Result<bool> apply(core::Millis now);
  // Does a slice of the work in the background: snapshots that are sent, received and merged.
  core::Result<bool> work(core::Millis now);
  // Sweeps a slice, in one commit, or, when nothing is left to sweep, does a slice of the work on
  // orders.
  core::Result<bool> sweep() { return upkeep_.sweep(writer_.close_group()); }
  // Drops the dead slots that it knows of and that nothing waits for any more; not while a snapshot
  // is merged, whose dead slots it knows before they are in the rows.
  core::Result<void> collect() {
    if (snapshots_.merging()) return {};
    return upkeep_.collect(writer_.close_group());
  }

  // ---- Time, disk and end.

  void tick(core::Millis now);
  [[nodiscard]] core::Millis next_tick_ms() const;
  // Returns the deadline up to which this leader may clear expired keys, -1 for none; see
  // StableTime.
  [[nodiscard]] core::Millis clearable_ms(core::Millis now) { return time_.clearable_ms(now); }
  // Stores a timestamp of now, so that the other regions can be told. The group must not be dirty.
  core::Result<void> store_clock();
  // Tells that the records up to `position` may be sent: they are durable, or need not be.
  void durable(storage::Position position, core::Millis now);
  // Writes nothing any more, as after a failed commit.
  void close_for_writes(core::Failure why) { state_.fail(std::move(why)); }
  // Records that nothing more will be written: the last call of a leader that ends as it should, so
  // that the next opening goes on under the same origin.
  core::Result<void> close();

  // ---- The state, to be read.

  [[nodiscard]] const Identity& identity() const { return state_.identity(); }
  [[nodiscard]] const Applied& applied() const { return state_.applied(); }
  [[nodiscard]] const rows::Names& names() const { return state_.names(); }
  // Which sums have a correction, and how many requests are remembered.
  [[nodiscard]] rows::PublishedRequests& requests() {
    return state_.applied().published_requests();
  }
  // Returns a reader of the committed rows: as readers see them, or, for comparing and sending, as
  // all replicas have them that have applied the same.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader(
      rows::Tallies tallies = rows::Tallies::kAsShown) const {
    return state_.reader(tallies);
  }
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return state_.broken(); }

  [[nodiscard]] const CommittedState& state() const { return state_; }
  [[nodiscard]] const LocalWriter& writer() const { return writer_; }
  [[nodiscard]] const Membership& members() const { return members_; }
  [[nodiscard]] const Policies& policies() const { return policies_; }
  [[nodiscard]] const ConflictLog& conflicts() const { return conflicts_; }
  [[nodiscard]] const Exchange& exchange() const { return exchange_; }
  [[nodiscard]] const Inbox& inbox() const { return inbox_; }
  [[nodiscard]] const PresenceExchange& presence() const { return presence_; }
  [[nodiscard]] const LogKeeper& keeper() const { return keeper_; }
  [[nodiscard]] const Snapshots& snapshots() const { return snapshots_; }
  [[nodiscard]] const StableTime& time() const { return time_; }
  [[nodiscard]] const Upkeep& upkeep() const { return upkeep_; }
  [[nodiscard]] const ForkRepair& repair() const { return repair_; }
  [[nodiscard]] const Verifier& verifier() const { return verifier_; }

 private:
  Replica(storage::Storage& storage, ReplicaOptions options);

  ReplicaOptions options_;
  Effects effects_;
  Alarms alarms_{effects_};
  CommittedState state_;
  Membership members_;
  Exchange exchange_;
  LocalWriter writer_;
  Policies policies_;
  ConflictLog conflicts_;
  Inbox inbox_;
  LogKeeper keeper_;
  Snapshots snapshots_;
  StableTime time_;
  Upkeep upkeep_;
  Incarnations incarnations_;
  ForkRepair repair_;
  Verifier verifier_;
  PresenceExchange presence_;
};

}  // namespace anabranch::regions
