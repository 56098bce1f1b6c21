// The committed state of a replica, and the one gate to the disk: every commit of the replica is
// made here, with the rows that each of its parts has to record.
//
// Invariants: 1. all rows of meta that follow from a commit are in that commit; 2. after a failed
// commit, and after fail(), nothing more is written; a commit that is refused for a cause that may
// pass has changed nothing, here and on the disk, and has no number; 3. the clock's mark is stored
// with rows, or when asked for: then no write that carries a timestamp up to it is still to be
// committed. Not thread-safe, but for log() and names().
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <anabranch/error.h>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/commit.h"
#include "regions/state/damaged_tables.h"
#include "regions/state/durable_state.h"
#include "regions/state/head.h"
#include "regions/state/sound_log.h"
#include "regions/state/tagged_records.h"
#include "rows/digests.h"
#include "rows/masks/masks.h"
#include "rows/policy/policy_table.h"
#include "rows/scores/scores.h"
#include "rows/snapshot_reader.h"
#include "rows/stage/score_upkeep.h"
#include "storage/storage.h"

namespace anabranch::regions {

class CommittedState {
 public:
  // Where more rows are stored below a prefix, a clear of it is done by a mask and swept later.
  struct ClearLimits {
    std::size_t own_rows_direct = 1000;
    std::size_t foreign_rows_direct = 1000;
  };

  // The storage must outlive this.
  CommittedState(storage::Storage& storage, const ClearLimits& limits);

  // ---- Opening, in this order.

  core::Result<void> open_storage() { return storage_.open(); }
  // Reads the stored state. Returns false when the directory is empty: then it has no identity yet.
  core::Result<bool> load();
  // Prepares the order of scores. A directory without one gets this seed. `resolvers` may be null.
  core::Result<void> load_scores(const rows::Resolvers* resolvers, std::uint64_t seed);
  // Brings counts of deep rows, as an earlier version keeps them, into the form of this one.
  core::Result<void> open_counts();
  // Has all sorted sets ordered anew when their order is not of these rows and policies.
  core::Result<void> open_scores();
  // Marks all keys that have an expiry, and gives the changes of a directory that has no index of
  // them.
  core::Result<storage::Changes> load_expiries();
  // Until then no clock is read.
  void start_clock(const core::WallClock& clock, core::Hlc newest, core::Millis drift_ms_max);

  // ---- The gate.

  // A part is asked at each commit from now on. It must outlive this.
  void join(Participant& part) { parts_.push_back(&part); }
  void watch(RowWatcher& watcher) { watchers_.push_back(&watcher); }

  // Applies a batch to a stage and goes on to its end. `deps` is all that its leader had applied.
  void apply(rows::Stage& stage, const core::Batch& batch, std::string_view bytes,
             const core::VersionVector& deps);
  // Goes on to the end of a batch of this leader, with these transactions, whose effects are
  // staged. `deps` is all that this leader had applied.
  void advance(const core::BatchFrame& batch, const core::Extent& extent, std::string_view bytes,
               const core::VersionVector& deps);
  // All that a batch's leader had applied of other origins: the changes it carries, on top of those
  // of the batch before it.
  [[nodiscard]] core::VersionVector deps_of(const core::Batch& batch) const;

  // Makes the storage ready for the next commit. To be called before anything goes on for that
  // commit, by apply() or otherwise: nothing here goes back. A failure that may pass
  // (Failure::passes) has changed nothing, and the call may be made again: with the next write, and
  // by a timer. Any other one breaks the replica. No commit may be under way.
  core::Result<void> make_ready(const CommitSize& size = {});
  [[nodiscard]] bool ready() const { return ready_; }
  // Whether that, or the commit, waits for the disk (storage::Storage::begins_file).
  [[nodiscard]] bool begins_file(const CommitSize& size) const;
  // Why the last call of that was refused; nothing once one has succeeded.
  [[nodiscard]] const std::optional<core::Failure>& refused() const { return refused_; }
  // How many commits were refused, and why the last one was.
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }
  [[nodiscard]] const std::string& last_refusal() const { return last_refusal_; }

  // Makes a commit with all that the parts have to record. Fails when it fails, or when anything
  // has failed before. A commit without a make_ready() before does that itself.
  core::Result<void> commit(Commit commit) {
    return this->commit(std::move(commit), Clock::kWithRows);
  }
  // Begins to make a commit; finish_commit() comes before anything else but reads, and stage and
  // records of the commit stay until then. Returns whether the storage goes on with it
  // meanwhile; else it is made, but not shown.
  core::Result<bool> begin_commit(Commit commit) {
    return begin(std::move(commit), Clock::kWithRows, Finish::kLater);
  }
  // Returns when the commit under way is made and shown. Fails as commit() does.
  core::Result<void> finish_commit();
  // Waits until the storage needs stage and records of the commit under way no more; nothing may
  // be called any more afterwards.
  void abandon_commit() {
    if (under_way_) (void)storage_.finish_commit();
  }
  // Whether a commit is under way.
  [[nodiscard]] bool committing() const { return under_way_.has_value(); }
  // The vector without the commit under way.
  [[nodiscard]] rows::PublishedVector::Shared committed_vector() const {
    return under_way_ ? under_way_->announced : names().vectors().announced();
  }
  // The same, with the identity as it is now, and the clock.
  core::Result<void> commit_identity(storage::Changes changes = {});
  // The same; it is on the disk then, with all before it, also where the storage syncs later.
  core::Result<void> commit_identity_durably(storage::Changes changes = {});
  // The same, with a timestamp of now.
  core::Result<void> commit_clock();
  // Forgets all records of the log before `position`.
  core::Result<void> trim(storage::Position position);
  // Removes the files of the log that openings have set aside.
  core::Result<void> remove_set_aside() { return storage_.remove_set_aside(); }
  // Empties the next tables.
  core::Result<void> clear_next();
  // Has the storage write what only its log has, where it rests; returns at once.
  void flush_if_idle(core::Millis now) { storage_.flush_if_idle(now); }
  // Has the storage give back the room of what was removed; returns at once.
  void make_room() { storage_.make_room(); }
  // A failure here harms nothing.
  core::Result<std::unique_ptr<storage::Spool>> make_spool() { return storage_.make_spool(); }

  // Writes nothing any more, for a reason; the first one stays. Returns it.
  const core::Failure& fail(core::Failure why);
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return broken_; }

  // Calls a function that reads stored rows and gives a Result. Rows that cannot be read break the
  // replica.
  template <typename Function>
  auto reading(const Function& function) -> decltype(function()) {
    try {
      return function();
    } catch (const Error& error) {
      return fail({error.code(), error.what()});
    }
  }
  // The same, for rows that others are to have: damaged ones are taken again, and are a failure of
  // the function alone.
  template <typename Function>
  core::Result<void> reading_for_others(const Function& function) {
    try {
      return function();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      damaged_.take_again(error.what());
      return core::corrupt(error.what());
    }
  }
  // Calls a function that stages changes of the committed rows and commits them. Rows that are
  // damaged on the disk are as absent, and stay as they are.
  template <typename Function>
  core::Result<void> change_rows(const Function& function) {
    if (broken_) return *broken_;
    const auto base = reader_of(sound_snapshot(), rows::Tallies::kAsShown);
    rows::Stage stage(*base, rows::Stage::Undo::kNone, clear_rules(), *scores_);
    return reading([&]() -> core::Result<void> { return function(stage); });
  }

  // Returns the tables with their sound values only; damaged ones are noted, and make this leader
  // take its rows again.
  [[nodiscard]] std::unique_ptr<storage::Snapshot> sound_snapshot();

  // Tells readers of a row that is staged or about to be committed, if it is that of an expiry.
  void note_expiry(const core::Path& path);
  // Tells readers of a row that is about to be stored: of an expiry, or of a request's marks.
  void note(const core::Path& path, const crdt::Row& row);

  // ---- The state.

  [[nodiscard]] const storage::Storage& storage() const { return storage_; }
  [[nodiscard]] const SoundLog& log() const { return log_; }
  [[nodiscard]] SoundLog& log() { return log_; }
  // Of the types whose rows are swept.
  [[nodiscard]] const TaggedRecords& tagged_records() const { return tagged_records_; }
  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] Identity& identity() { return identity_; }
  [[nodiscard]] const Applied& applied() const { return applied_; }
  [[nodiscard]] Applied& applied() { return applied_; }
  [[nodiscard]] const rows::Names& names() const { return applied_.names(); }
  [[nodiscard]] const ChainHashes& chains() const { return chains_; }
  [[nodiscard]] ChainHashes& chains() { return chains_; }
  // Over the rows: of the same moment as applied().
  [[nodiscard]] const rows::Digests& digests() const { return digests_; }
  [[nodiscard]] rows::Digests& digests() { return digests_; }
  // Returns the digest to compare with those of others; nothing while rows are stored that a large
  // clear has yet to sweep, since others do not have them, and while rows are to be taken again.
  [[nodiscard]] std::optional<core::Hash128> digest() const {
    const bool comparable = masks_->empty() && !damaged_.any();
    return comparable ? std::optional(digests_.total()) : std::nullopt;
  }
  // What has to be taken again from another leader.
  [[nodiscard]] const DamagedTables& damaged() const { return damaged_; }
  [[nodiscard]] DamagedTables& damaged() { return damaged_; }
  [[nodiscard]] const std::shared_ptr<const rows::Masks>& masks() const { return masks_; }
  // The policies of the rows, never null.
  [[nodiscard]] const std::shared_ptr<const rows::PolicyTable>& policies() const {
    return tables_.policies;
  }
  // The regions of origins by the rows, never null.
  [[nodiscard]] const std::shared_ptr<const rows::OriginRegions>& regions() const {
    return tables_.regions;
  }
  [[nodiscard]] const rows::Scores& scores() const { return *scores_; }
  // The orders of scores to be looked at since policies have changed.
  [[nodiscard]] const rows::ScoreReorder& reorder() const { return reorder_; }
  [[nodiscard]] rows::ClearRules clear_rules() const;
  // The rows.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader(
      rows::Tallies tallies = rows::Tallies::kAsShown) const;
  // Whether the owner has told that everything applied is durable, or need not be; see
  // LogReader::is_durable() for what the disk has.
  [[nodiscard]] bool all_durable() const { return all_durable_; }
  // The records up to `position` are durable, or need not be.
  void durable(storage::Position position) {
    all_durable_ = position == storage_.last_position();
    durable_state_.look(clock_mark_);
  }
  // What of it survives a loss of power.
  [[nodiscard]] const DurableState& durable_state() const { return durable_state_; }
  [[nodiscard]] core::Hlc durable_clock() const { return durable_state_.clock(clock_mark_); }
  // Returns once everything applied is on the disk. A failure breaks the replica.
  core::Result<void> make_durable();

  // ---- The clock.

  // Null until start_clock().
  [[nodiscard]] core::HybridClock* clock() { return clock_ ? &*clock_ : nullptr; }
  [[nodiscard]] const core::HybridClock* clock() const { return clock_ ? &*clock_ : nullptr; }
  // The newest timestamp that is stored: the clock never goes back behind it.
  [[nodiscard]] core::Hlc stored_clock() const { return clock_mark_; }

 private:
  // When a commit has the clock's mark.
  enum class Clock : std::uint8_t { kWithRows, kAlways };

  // Goes on to the end of a batch of any leader.
  void go_on(const core::BatchFrame& batch, const core::Extent& extent, std::string_view bytes,
             const core::VersionVector& deps);
  [[nodiscard]] rows::ScoreNote score_note() const;
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader_of(
      std::unique_ptr<storage::Snapshot> snapshot, rows::Tallies tallies) const;
  // The tables that follow from rows of the mesh's own space.
  struct MeshTables {
    std::shared_ptr<const rows::PolicyTable> policies = std::make_shared<const rows::PolicyTable>();
    std::shared_ptr<const rows::OriginRegions> regions =
        std::make_shared<const rows::OriginRegions>();
  };

  // A commit that is being made.
  struct UnderWay {
    Commit commit;
    // Of readers: the state before the commit.
    std::shared_ptr<const rows::Masks> masks;
    MeshTables tables;
    rows::PublishedVector::Shared announced;
    bool goes_on = false;  // The vector does.
  };

  // Reads the tables of the stored rows and posts them.
  core::Result<void> load_tables();
  void post_tables();
  // Notes the marks of requests, and counts the requests.
  core::Result<void> load_requests();
  // Returns the tables that a commit of a stage leaves behind; the same objects if none change.
  core::Result<MeshTables> tables_after(const Commit& commit);
  // Adds the orders that a commit may make stale to those to be looked at.
  void note_reorder(Commit& commit, const rows::PolicyTable& policies);
  // Asks all parts.
  void gather(Commit& commit, Clock clock);
  core::Result<void> commit(Commit commit, Clock clock);
  // Makes ready for a commit unless that was done.
  core::Result<void> make_ready_for(const Commit& commit);
  // Whether a commit may be under way when its function returns.
  enum class Finish : std::uint8_t { kNow, kLater };
  core::Result<bool> begin(Commit commit, Clock clock, Finish when);
  void mark_clock(Commit& commit, Clock when);
  // Hands the commit under way to the storage. Returns whether that goes on with it.
  core::Result<bool> store(Finish when);
  // Fails, since the storage has not made the commit under way.
  core::Failure lose_commit(core::Failure why);
  // Shows readers the commit.
  void show(const UnderWay& made);

  storage::Storage& storage_;
  ClearLimits limits_;
  SoundLog log_{storage_};
  TaggedRecords tagged_records_{Type::kItemList, Type::kRemoveWinsSet};
  Identity identity_;
  Applied applied_;
  ChainHashes chains_{applied_, log_};
  DurableState durable_state_{log_, applied_};
  rows::Digests digests_;
  DamagedTables damaged_;
  std::shared_ptr<const rows::Masks> masks_ = std::make_shared<const rows::Masks>();
  std::shared_ptr<const rows::ClearedPlaces> cleared_;  // In the rows; null for none.
  MeshTables tables_;
  std::optional<rows::Scores> scores_;  // Once they are loaded.
  rows::ScoreReorder reorder_;
  std::optional<core::HybridClock> clock_;  // Nothing until start_clock().
  core::Hlc clock_mark_;
  bool all_durable_ = false;
  std::vector<Participant*> parts_;
  std::vector<RowWatcher*> watchers_;
  std::optional<core::Failure> broken_;
  bool ready_ = false;  // For the next commit.
  std::optional<core::Failure> refused_;
  std::uint64_t refusals_ = 0;
  std::string last_refusal_;
  storage::Changes spare_;  // Without changes: the memory of those of the last commit.
  std::optional<UnderWay> under_way_;
};

}  // namespace anabranch::regions
