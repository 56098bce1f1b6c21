// The replica: one region's state and protocol, without I/O of its own. No threads, sockets,
// clocks, files or randomness: writes, messages and the time come in, effects go out, on top of a
// Storage. tests/model/model.py specifies what it does to rows; the simulator and the leader run
// this class.
//
//   write    stages a local transaction in the open group      commit   closes the group: one batch
//   step     takes a message in                                apply    applies what is deliverable
//   tick     heartbeats and stalls                             durable  what the disk has now
//
// Effects are in effects() until the owner takes them. Invariants: 1. nothing is sent, shown to
// readers or acknowledged before the commit it follows from; 2. a batch is applied exactly once,
// when all that it depends on has been; 3. after a failed commit nothing more is written, applied
// or sent. Not thread-safe; readers use snapshots of the storage and names().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/applied.h"
#include "regions/effect.h"
#include "regions/exchange.h"
#include "regions/group.h"
#include "regions/hold_buffer.h"
#include "regions/snapshot_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct ReplicaOptions {
  core::Hash128 mesh;
  std::string region;
  // Random numbers for this opening: the origin counts only in an empty directory, or when a new
  // incarnation is asked for.
  core::Origin fresh_origin = 0;
  std::uint64_t nonce = 0;
  bool new_origin = false;
  core::Millis drift_ms_max = core::HybridClock::kDriftMaxMs;
};

class Replica {
 public:
  static constexpr std::size_t kSliceOpsMax = 1000;
  static constexpr std::size_t kDeadRowsMax = 100'000;
  static constexpr std::size_t kSliceBytesMax = std::size_t{4} << 20U;

  // Opens the storage and continues where it ends. Both references must outlive the replica. Fails
  // with kInvalid when the storage belongs to another region or mesh, kCorrupt when it cannot be
  // read, kIo when the opening cannot be recorded.
  static core::Result<std::unique_ptr<Replica>> open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options);

  // ---- Local writes.

  // The open group, begun when there is none: what it has staged can be read from its stage.
  Group& group();
  // Whether the open group holds transactions that are not committed yet.
  [[nodiscard]] bool dirty() const { return open_ && !open_->group.empty(); }
  // Runs a function as a transaction of the open group, or as a part of the one that runs already.
  // What it throws undoes it and comes out here.
  void write(const std::function<void(Group&)>& function);
  // Commits the open group as one batch, or lets go of it when it is empty. Gives the position in
  // the log that holds all writes so far.
  core::Result<storage::Position> commit();

  // ---- The other leaders. The time is any steady clock's.

  void link_up(LinkId link, std::string address, core::Millis now);
  void link_down(LinkId link);
  void step(LinkId link, Message message, core::Millis now);
  // A message that could not be decoded.
  void reject(LinkId link) { effects_.push_back(Reject{link}); }
  // Applies a slice of what was received and is deliverable, in one commit. Returns whether more is
  // waiting. The group must not be dirty.
  core::Result<bool> apply(core::Millis now);
  // Joins what another replica has, its rows and heads of one moment, in one commit: for when its
  // log no longer holds what this one lacks. Neither side has to be ahead of the other. Everything
  // is held in memory meanwhile. The group must not be dirty.
  core::Result<void> merge(const RowReader& rows, const Applied& applied);
  // Drops the dead slots that it knows of and that nothing waits for any more.
  core::Result<void> collect();
  void tick(core::Millis now);
  [[nodiscard]] core::Millis next_tick_ms() const { return exchange_->next_tick_ms(); }
  // The storage has made everything up to `position` durable.
  void durable(storage::Position position, core::Millis now);
  bool pause(std::string_view peer) { return exchange_->pause(peer); }
  bool resume(std::string_view peer);

  // What the owner has to carry out; it takes or clears them.
  [[nodiscard]] Effects& effects() { return effects_; }

  // ---- What is known.

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] const Applied& applied() const { return applied_; }
  [[nodiscard]] const Exchange& exchange() const { return *exchange_; }
  [[nodiscard]] const HoldBuffer& held() const { return held_; }
  [[nodiscard]] const Names& names() const { return applied_.names(); }
  // The rows as they are committed.
  [[nodiscard]] std::unique_ptr<SnapshotReader> reader() const;
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return broken_; }

 private:
  struct OpenGroup {
    std::unique_ptr<SnapshotReader> base;
    Group group;
  };

  Replica(storage::Storage& storage, ReplicaOptions options);
  core::Result<void> load();
  core::Result<void> record_opening();
  core::Result<void> recover(const storage::StoredRecord& record);
  core::Batch make_batch(std::vector<core::Transaction> transactions) const;
  // All that a batch's leader had applied of other origins: the changes it carries, on what is
  // known.
  [[nodiscard]] core::VersionVector deps_of(const core::Batch& batch) const;
  // Applies a batch to a stage and goes on to its end.
  void apply_batch(Stage& stage, const HeldBatch& held, const core::VersionVector& deps);
  // Applies deliverable batches until the slice is full; gives what was applied.
  std::vector<HeldBatch> apply_slice(Stage& stage);
  // Drops a row's dead slots where that is safe, and remembers the row when some stay.
  void collect(const core::Path& path, crdt::Row& row);
  // Whether a batch continues the chain that was applied.
  [[nodiscard]] bool continues_chain(const core::Batch& batch) const;
  // Applies and commits a slice.
  core::Result<void> commit_slice(Stage& stage);
  core::Result<void> commit_stage(Stage& stage, std::span<const storage::LogRecord> records);
  // Calls a function that stages changes of the committed rows and commits them. The group must not
  // be dirty. Stored rows that cannot be read break the replica, as a failed commit does.
  core::Result<void> change_rows(const std::function<core::Result<void>(Stage&)>& function);
  void alarm_once(std::string text);
  void alarm_two_histories(core::Origin origin);
  // Takes back what the exchange wants to send: the vector may count what was not stored.
  void send_nothing();

  storage::Storage& storage_;
  ReplicaOptions options_;
  Identity identity_;
  Applied applied_;
  std::optional<core::HybridClock> clock_;  // Nothing during recovery, which reads no clock.
  bool opening_sent_ = false;               // The first batch of this opening has been committed.
  std::optional<OpenGroup> open_;
  HoldBuffer held_;
  std::set<core::Path> dead_;  // Rows with dead slots, at most kDeadRowsMax of them.
  Effects effects_;
  std::unique_ptr<Exchange> exchange_;
  std::set<std::string> alarms_;
  std::optional<core::Failure> broken_;
};

}  // namespace anabranch::regions
