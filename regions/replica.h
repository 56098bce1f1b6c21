// The replica: one region's state and protocol, without I/O of its own. No threads, sockets,
// clocks, files or randomness: writes, messages and the time come in, effects go out, on top of a
// Storage. tests/model/model.py specifies what it does to rows; the simulator and the leader run
// this class.
//
//   write    stages a local transaction in the open group      commit   closes the group: one batch
//   step     takes a message in                                apply    applies what is deliverable
//   tick     heartbeats, stalls, trimming                      durable  what the disk has now
//
// Effects are in effects() until the owner takes them. Invariants: 1. nothing is sent, shown to
// readers or acknowledged before the commit it follows from; 2. a batch is applied exactly once,
// when all that it depends on has been; 3. after a failed commit nothing more is written, applied
// or sent. Not thread-safe; readers use snapshots of the storage and names().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/clocks/stable_time.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/membership.h"
#include "regions/rejoin/fork_repair.h"
#include "regions/rejoin/incarnations.h"
#include "regions/replica_options.h"
#include "regions/snapshot/snapshots.h"
#include "regions/state/committed.h"
#include "regions/upkeep.h"
#include "regions/verify/divergence.h"
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

  // The open group, begun when there is none: what it has staged can be read from its stage.
  Group& group() { return writer_.group(); }
  // Whether the open group holds transactions that are not committed yet.
  [[nodiscard]] bool dirty() const { return writer_.dirty(); }
  // Begins a transaction of the open group, or a part of the one that is open already. Throws
  // kClosed after a failed commit, and kReadOnly on a follower.
  [[nodiscard]] OpenTransaction begin() { return writer_.begin(); }
  // Commits the open group as one batch, or lets go of it when it is empty. Gives the position in
  // the log that holds all writes so far.
  core::Result<storage::Position> commit() { return writer_.commit(); }
  // Writes into the list of regions, if that is due, that this leader has opened its origin. The
  // group must not be dirty.
  core::Result<void> announce();
  // Takes writes from now on, under a new origin, if it has followed until now.
  core::Result<void> promote(core::Millis now);
  [[nodiscard]] bool follows() const { return exchange_.follows(); }
  // Stages that nobody waits for a region any more, that it is lost for good, or, with kNone, that
  // it counts again. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement) {
    return members_.retire(region, retirement);
  }

  // Gives way to the other history of an origin that has two: begins to join as if empty and to
  // write again what only this side has (rejoin.h). With `adopt` also what another region wrote
  // under that origin, although its leader has the other history. The group must not be dirty.
  // Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> resolve_fork(core::Origin origin, bool adopt, core::Millis now) {
    return repair_.resolve(writer_.close_group(), origin, adopt, now);
  }
  // What it does to give way; null when it does not.
  [[nodiscard]] const Rejoin* rejoin() const { return repair_.rejoin(); }
  // Why the last attempt was given up; nothing when none was.
  [[nodiscard]] const std::optional<core::Failure>& rejoin_failed() const {
    return repair_.failed();
  }

  // ---- The other leaders. The time is any steady clock's.

  // `region` is who must be at the other end; empty when that is open.
  void link_up(LinkId link, std::string address, core::Millis now, std::string region = {});
  void link_down(LinkId link);
  void step(LinkId link, Message message, core::Millis now);
  // A message that could not be decoded.
  void reject(LinkId link) { effects_.push_back(Reject{link}); }
  // Applies a slice of what was received and is deliverable, in one commit. Returns whether more is
  // waiting. The group must not be dirty.
  core::Result<bool> apply(core::Millis now);
  // Does a slice of what goes on in the background: snapshots that are sent, received and merged.
  // Returns whether more is waiting. The group must not be dirty.
  core::Result<bool> work(core::Millis now);
  // Asks a peer for a snapshot, as tick() does when no log has what is lacking here.
  void ask_for_snapshot(core::Origin peer, core::Millis now);
  // Drops the dead slots that it knows of and that nothing waits for any more.
  core::Result<void> collect() { return upkeep_.collect(writer_.close_group()); }
  // Whether large clears are done but not swept yet. Until then this replica holds more than what
  // it shows; and its own clears of counters are not all in its log yet.
  [[nodiscard]] bool sweeping() const { return upkeep_.sweeping(); }
  // How the members of sorted sets are scored.
  [[nodiscard]] const rows::Scores& scores() const { return state_.scores(); }
  // Whether orders of scores are to be made or removed. Until then rankings may be slow.
  [[nodiscard]] bool ordering() const { return upkeep_.ordering(); }
  // Whether sweep() has anything to do.
  [[nodiscard]] bool tidying() const { return sweeping() || ordering(); }
  // Sweeps a slice, in one commit, or, when nothing is left to sweep, does a slice of the work on
  // orders. Returns whether there is more. The group must not be dirty.
  core::Result<bool> sweep() { return upkeep_.sweep(writer_.close_group()); }
  void tick(core::Millis now);
  [[nodiscard]] core::Millis next_tick_ms() const;

  // ---- Time, for keys that expire.

  // Up to which deadline nobody else can let a key live longer: the clock of every other leader is
  // known to have passed it, and everything that it wrote before has been applied here; or it is
  // not waited for any longer (heard_clocks.h). In milliseconds since 1970; crdt::Expiry::kNever
  // without other leaders. Retired regions count, those declared lost do not.
  [[nodiscard]] core::Millis passed_ms(core::Millis now) { return time_.passed_ms(now); }
  // Whether this leader may clear at all: its wall clock has not moved against its steady one
  // lately, and does not stand alone against those of several regions.
  [[nodiscard]] bool may_clear(core::Millis now) { return time_.may_clear(now); }
  // A sentence for each clock that is wrong, or was and goes on winning; by region, the own one
  // under an empty name, and what it is about.
  [[nodiscard]] std::map<std::string, std::string> clock_complaints(core::Millis now) const {
    return time_.complaints(now);
  }
  // The newest timestamp that is stored: the clock never goes back behind it.
  [[nodiscard]] core::Hlc stored_clock() const { return state_.stored_clock(); }
  // Tells readers of a row that is staged or about to be committed, if it is that of an expiry.
  void note_expiry(const core::Path& path) { state_.note_expiry(path); }
  // Stores one of now, so that the other regions can be told. The group must not be dirty.
  core::Result<void> store_clock();
  // Records that nothing more will be written: the last call of a leader that ends as it should, so
  // that the next opening goes on under the same origin.
  core::Result<void> close();
  // What the storage has up to `position` may be sent: it is durable, or need not be.
  void durable(storage::Position position, core::Millis now);
  bool pause(std::string_view peer) { return exchange_.pause(peer); }
  bool resume(std::string_view peer);

  // Begins to compare rows with these regions, or with all peers; see Verifier.
  void verify(std::vector<std::string> regions, core::Millis now);
  [[nodiscard]] std::vector<regions::Verdict> verdicts() const { return verifier_.verdicts(); }

  // What the owner has to carry out; it takes or clears them.
  [[nodiscard]] Effects& effects() { return effects_; }

  // ---- What is known.

  [[nodiscard]] const Identity& identity() const { return state_.identity(); }
  [[nodiscard]] const Applied& applied() const { return state_.applied(); }
  [[nodiscard]] const ChainHashes& chains() const { return state_.chains(); }
  // The log as everybody should read it, and what of it was found damaged. Any thread may read.
  [[nodiscard]] const SoundLog& log() const { return state_.log(); }
  [[nodiscard]] const Exchange& exchange() const { return exchange_; }
  [[nodiscard]] const HoldBuffer& held() const { return inbox_.held(); }
  [[nodiscard]] const Provenance& provenance() const { return inbox_.proofs().provenance(); }
  // What has been waiting for its proof too long.
  [[nodiscard]] const Unproven& unproven() const { return inbox_.proofs().unproven(); }
  // What is kept of the log, and for whom.
  [[nodiscard]] LogKeeper& keeper() { return keeper_; }
  [[nodiscard]] const LogKeeper& keeper() const { return keeper_; }
  [[nodiscard]] const Snapshots& snapshots() const { return snapshots_; }
  // Every region that was ever known, as committed.
  [[nodiscard]] const RegionList& regions() const { return members_.list(); }
  // Whether the disk has everything that is applied.
  [[nodiscard]] bool all_durable() const { return state_.all_durable(); }
  // The origins of which nothing will ever arrive any more; see settled_origins.h.
  [[nodiscard]] const SettledOrigins& settled() const { return members_.settled(); }
  [[nodiscard]] const ClockWatch& clocks() const { return time_.clocks(); }
  [[nodiscard]] const rows::Names& names() const { return state_.names(); }
  // Over the rows as they are committed: of the same moment as applied().
  [[nodiscard]] const rows::Digests& digests() const { return state_.digests(); }
  // The digest to compare with those of others; nothing while it says nothing.
  [[nodiscard]] std::optional<core::Hash128> digest() const;
  [[nodiscard]] const Divergence& divergence() const { return divergence_; }
  // The rows as they are committed.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader(
      rows::Tallies tallies = rows::Tallies::kAsShown) const {
    return state_.reader(tallies);
  }
  // The rows as all replicas have them that have applied the same: for comparing and for sending.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> logged_reader() const {
    return reader(rows::Tallies::kAsLogged);
  }
  // How much room there is, as of the last group, slice or tick.
  [[nodiscard]] const Reserve& reserve() const { return writer_.reserve(); }
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return state_.broken(); }
  // Writes nothing any more, as after a failed commit.
  void close_for_writes(core::Failure why) { state_.fail(std::move(why)); }

 private:
  Replica(storage::Storage& storage, ReplicaOptions options);
  // Reads what is stored, and goes on from there.
  core::Result<void> start(const core::WallClock& clock);
  core::Result<void> load();
  core::Result<void> recover(const storage::StoredRecord& record);
  core::Result<void> record_opening();
  void start_clock(const core::WallClock& clock);

  // Takes batches in that may be applied; what is damaged, or of another history, is not.
  void receive(LinkId link, BatchMessage message, core::Millis now);
  // What was received is no batch, or a damaged one.
  void refuse(LinkId link, const BatchMessage& received);
  void on(LinkId link, Heartbeat heartbeat, core::Millis now);
  // Compares digests with a peer that has applied the same.
  void compare(LinkId link, const Heartbeat& heartbeat);
  // What is committed now, to be compared.
  [[nodiscard]] Inspection inspect() const;
  // What heartbeats show.
  [[nodiscard]] Showing showing(core::Millis now);

  // Goes on under a new origin, and greets everybody anew once that is recorded.
  core::Result<void> go_on_as_new(std::string why, core::Millis now);
  // The same when what peers have shown forbids to write on under this one.
  core::Result<void> heed_doubt(core::Millis now);
  // Signs what is due, passes on what is new, and keeps it now and then.
  void sign_and_pass_on(core::Millis now);
  void keep_signatures(core::Millis now);
  // Names what of the log was found damaged, and keeps the chain hashes around it: others must be
  // able to see that the histories before and behind it are the same.
  void name_damage();
  // Takes back what the exchange wants to send: the vector may count what was not stored.
  void send_nothing();

  ReplicaOptions options_;
  Effects effects_;
  Alarms alarms_{effects_};
  CommittedState state_;
  Membership members_;
  Exchange exchange_;
  LocalWriter writer_;
  Inbox inbox_;
  LogKeeper keeper_;
  Snapshots snapshots_;
  StableTime time_;
  Upkeep upkeep_;
  Incarnations incarnations_;
  ForkRepair repair_;
  Verifier verifier_;
  Divergence divergence_;
};

}  // namespace anabranch::regions
