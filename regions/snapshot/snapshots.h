// Snapshots between leaders: for when no peer's log has the batches that this replica lacks. Serves
// them to others, and asks for one itself when there is need, one at a time: receive, check, merge
// into the next tables, swap. Neither side has to be ahead of the other, and both can do it at
// once. The log, local writes and foreign batches go on meanwhile; readers see the old state until
// the swap, which is one commit; it waits until no large clear is swept any more, so that no mask
// of the old tables is left for the new ones. A crash anywhere leaves the old state.
//
// While the own rows are damaged, or an operator wants it, they are taken again: the snapshot
// replaces them, and what it lacks of the own writes, and of those of others, comes on top from the
// own log (log_on_top.h).
//
// No threads, clocks or files of its own: messages, time and commits are its owner's. Not
// thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <anabranch/status.h>

#include "regions/exchange/exchange.h"
#include "regions/snapshot/joiner.h"
#include "regions/snapshot/log_on_top.h"
#include "regions/snapshot/row_merge.h"
#include "regions/snapshot/snapshot_in.h"
#include "regions/snapshot/snapshot_out.h"
#include "regions/state/committed.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class Snapshots final : public Participant {
 public:
  // Sees each row that was merged.
  using Note = rows::Stage::Collect;

  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    Effects& effects;
    Note note;
    SnapshotOut::LogBytes log_bytes;
  };

  // All that the owner refers to must outlive this.
  Snapshots(Owner owner, const SnapshotLimits& limits, std::uint64_t nonce);

  // From now on snapshots are taken for a joiner, which must outlive this object; null: no longer.
  // Transfers under way end, in both directions.
  void take_for(Joiner* joiner);

  // Take messages of a greeted peer in.
  void on(const Peer& peer, const SnapshotRequest& request, core::Millis now);
  void on(const Peer& peer, SnapshotChunk chunk, core::Millis now);
  void on(const Peer& peer, const SnapshotRefusal& refusal, core::Millis now);
  // Tells that a part of a message from a peer comes.
  void part_came(const Peer& peer, core::Millis now);
  void tick(core::Millis now);
  // Does one slice of each pending task, `scale` times as large as the limits say; returns whether
  // more is waiting. Fails when a commit fails.
  core::Result<bool> work(core::Millis now, std::size_t scale);
  // Asks a peer for a snapshot, unless one is under way, or all rows are to be taken again and the
  // peer lacks something that the own log has no more.
  void ask(core::Origin source, core::Millis now);

  // A batch that is being applied to the current tables goes into the merge as well.
  void applies(const core::Batch& batch, const core::VersionVector& deps) override;
  [[nodiscard]] bool reads_batches() const override { return merge_.has_value(); }
  // Adds the merged rows.
  void record(Commit& commit) override;

  // Returns why no connected region can give all rows that are to be taken again; empty when one
  // does, or when they need not be taken.
  [[nodiscard]] std::string why_it_waits() const;

  // Returns whether a snapshot is being received or merged.
  [[nodiscard]] bool receiving() const { return in_ != nullptr; }
  [[nodiscard]] bool merging() const { return merge_.has_value(); }
  // The position from which the log must be kept, for peers that take a snapshot, and to be put on
  // top of one; nullopt when there is none.
  [[nodiscard]] std::optional<storage::Position> pinned() const;
  [[nodiscard]] std::vector<SnapshotStatus> status(core::Millis now) const;

 private:
  core::Result<bool> merge(core::Millis now, std::size_t rows_max);
  // Returns whether all rows are to be taken again.
  [[nodiscard]] bool wants_again() const {
    return joiner_ == nullptr && owner_.state.damaged().any();
  }
  // Returns whether the present snapshot is to be joined with own rows that are damaged.
  [[nodiscard]] bool joins_with_damage() const { return wants_again() && !again_; }
  // The peer to take all rows of again: one with all that the own log has no more.
  [[nodiscard]] std::optional<core::Origin> source_of_all(
      const std::set<core::Origin>& avoided) const;
  // Returns why a peer cannot give all rows; nullopt when it can.
  [[nodiscard]] std::optional<std::string> why_not_all(const Peer& peer) const;
  // Returns the vector that a peer has shown to have applied.
  [[nodiscard]] core::VersionVector shown_by(core::Origin peer) const;
  [[nodiscard]] SnapshotTerms terms(core::Origin source) const;
  // Puts a slice of the own log on top; returns whether there is more. Gives this snapshot up when
  // the log lacks a batch.
  core::Result<bool> put_log_on_top(core::Millis now, std::size_t records_max);
  // Whether large clears are still swept: the current rows are then not all that was cleared yet.
  [[nodiscard]] bool sweeping() const { return !owner_.state.masks()->empty(); }
  // The same for a joiner.
  core::Result<bool> join(core::Millis now);
  // Returns whether the present transfer cannot end without its source: to send the rest, or to
  // compare chains.
  [[nodiscard]] bool needs_source() const;
  [[nodiscard]] std::optional<core::Origin> source(const std::set<core::Origin>& avoided) const;
  // Returns the peer to ask next, another one than `except`; nullopt when there is none, or when
  // all have failed within the last timeout_ms.
  [[nodiscard]] std::optional<core::Origin> next_source(
      core::Millis now, std::optional<core::Origin> except = std::nullopt);
  core::Result<void> begin_merge();
  // The source of the received snapshot is none for the joiner: asks another one.
  void pass_by();
  void take_over_parted();
  // Commits the changes too.
  core::Result<void> swap(storage::Changes changes, core::Millis now);
  // Drops the conflicts that this leader has noted before: all but those of damaged rows, and of
  // values that come with the snapshot.
  void drop_known(rows::ConflictNotes& notes) const;
  // Drops the received bytes; give_up also counts them as a failure of the source.
  void stop();
  void give_up(const core::Failure& why, core::Millis now);
  [[nodiscard]] std::string region(core::Origin peer) const;
  void notice(std::string text) { owner_.effects.push_back(Notice{std::move(text)}); }
  // Logs its progress now and then.
  void report(core::Millis now);
  [[nodiscard]] SnapshotStatus incoming(core::Millis now) const;

  Owner owner_;
  SnapshotLimits limits_;
  SnapshotOut out_;
  std::uint64_t streams_ = 0;
  Joiner* joiner_ = nullptr;
  std::unique_ptr<SnapshotIn> in_;
  bool again_ = false;              // It replaces all rows that are here.
  storage::Position log_from_ = 0;  // While it does: the log from here on goes on top.
  std::optional<LogOnTop> on_top_;
  std::optional<RowMerge> merge_;
  bool next_used_ = false;       // The next tables contain rows that must be cleared.
  core::Millis started_ms_ = 0;  // Of the phase, receiving or merging.
  core::Millis reported_ms_ = 0;
  core::Millis next_look_ms_ = 0;                // The time of the next look for a source.
  std::map<core::Origin, core::Millis> failed_;  // {source: time of its newest failure}
  std::set<std::string> alarms_;
};

}  // namespace anabranch::regions
