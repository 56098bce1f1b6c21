// The engine as a class, for the files that have its parts: engine_storage.cc opens and commits,
// engine_flushing.cc writes to the tables below.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/engine/engine_log.h"
#include "storage/engine/engine_snapshot.h"
#include "storage/engine/engine_storage.h"
#include "storage/engine/flusher.h"
#include "storage/engine/idle_flush.h"
#include "storage/engine/periodic_sync.h"
#include "storage/engine/reach.h"
#include "storage/engine/readiness.h"
#include "storage/engine/side_thread.h"
#include "storage/overlay/layered_tables.h"
#include "storage/wal/loss_note.h"
#include "storage/wal/resting_files.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

class EngineStorage final : public SteppedEngine {
 public:
  EngineStorage(std::unique_ptr<StorageBelow> base, std::unique_ptr<Files> files,
                const EngineOptions& options, FlushedBy by)
      : base_(std::move(base)),
        files_(std::make_unique<RestingFiles>(std::move(files))),
        options_(options),
        by_(by) {}
  ~EngineStorage() override {
    logging_.reset();
    syncer_.reset();
    flusher_.reset();
    if (wal_) (void)wal_->close();  // What fails is found by the next opening.
  }

  core::Result<void> open() override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override { return tables_.snapshot(); }
  [[nodiscard]] std::unique_ptr<WholeSnapshot> whole_snapshot() const override {
    auto held = log_->hold();  // Before the tables: nothing of their log is trimmed in between.
    return std::make_unique<EngineSnapshot>(std::move(held), tables_.published());
  }
  core::Result<void> make_ready(std::uint64_t bytes, std::uint64_t records) override;
  [[nodiscard]] bool begins_file(std::uint64_t bytes, std::uint64_t records) const override {
    return wal_->begins_segment(Readiness::log_bytes(bytes, records), records);
  }
  core::Result<Position> commit(std::span<const LogRecord> records,
                                const Changes& changes) override;
  core::Result<bool> begin_commit(std::span<const LogRecord> records,
                                  const Changes& changes) override;
  core::Result<void> finish_commit() override { return logging_ ? finish() : core::Result<void>(); }
  [[nodiscard]] bool commit_is_made() const override { return !logging_ || logging_->has_ended(); }
  [[nodiscard]] int committed_fd() const override { return logger_.fd(); }
  [[nodiscard]] bool logs_changes() const override { return true; }
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override {
    auto record = log_->read(position);
    return record && record->position <= shown_ ? std::move(record) : std::nullopt;
  }
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const override {
    const auto found = log_->find(origin, seq);
    return found && *found <= shown_ ? found : std::nullopt;
  }
  core::Result<void> trim(Position position) override;
  core::Result<void> swap(const Changes& changes) override;
  core::Result<void> clear_next() override;
  core::Result<std::unique_ptr<Spool>> make_spool() override { return base_->make_spool(); }
  [[nodiscard]] Place place() const override { return place_; }
  [[nodiscard]] std::vector<LogLoss> losses() const override { return losses_; }
  core::Result<void> remove_set_aside() override { return storage::remove_set_aside(*files_); }
  core::Result<void> check_place() override;
  [[nodiscard]] Room room(std::uint64_t enough) const override;
  core::Result<void> sync_all() override;
  void flush_if_idle(std::int64_t now_ms) override;
  core::Result<bool> close(std::chrono::milliseconds flush_max) override;
  void end_flush_when(const std::atomic<bool>& given_up) override { given_up_ = &given_up; }
  void make_room() override;
  [[nodiscard]] std::optional<EngineFigures> engine() const override;
  [[nodiscard]] ReadStates read_states() const override { return tables_.read_states(); }
  [[nodiscard]] Position last_position() const override { return shown_; }
  bool step() override { return flusher_->step(); }
  [[nodiscard]] Position durable_position() const override { return wal_->durable().position; }

 private:
  // Opens the tables below, and returns their reach.
  core::Result<Reach> open_base();
  // Notes in the tables that there is a log: it cannot get lost without a word from now on.
  core::Result<void> note_log(Reach reach);
  core::Result<void> note_begun(Reach& reach);
  core::Result<void> open_log(const Reach& reach);
  core::Result<void> redo(std::string_view changes);
  // Asks the owner whether the log may be begun anew that ends before the tables.
  [[nodiscard]] core::Result<void> accept_short() const;
  // Begins the threads: one that flushes, and, if commits do not sync the log, one that does.
  core::Result<void> begin_threads(const Reach& reach);
  void add_log_damage(EngineFigures& figures) const;
  // Fails when nothing may be written any more.
  core::Result<void> may_write();
  // Makes ready for this commit unless that was done.
  core::Result<void> make_ready_for(std::span<const LogRecord> records, const Changes& changes);
  // Closes for writes, unless the failure may pass; returns it.
  core::Failure close_for_writes(const core::Failure& failure);
  core::Result<void> settle_place();
  // Forgets the note of losses, which the owner has taken over.
  core::Result<void> give_up_note();
  void note_segment();
  void note_identity();
  void prepare_log();
  // When a commit is logged and made in memory: one after the other, or beside each other, at once;
  // logged beside the work of its caller until it is finished; or both beside that.
  enum class Logging : std::uint8_t { kFirst, kBeside, kLate, kAllLate };
  core::Result<void> begin_commit(std::span<const LogRecord> records, const Changes& changes,
                                  Logging when);
  // Logs a commit and makes it in memory: `changes` go to the tables of `before`, and those of
  // `after` are the ones that readers have when it is shown.
  core::Result<void> log_and_put(std::span<const LogRecord> records, const Changes& changes,
                                 const Generations& before, const Generations& after, Logging when);
  // Waits for the rest of the commit that was begun, and shows it.
  core::Result<void> finish();
  // Whether a commit has so many changes that a thread beside its caller's is worth its while.
  [[nodiscard]] bool is_large(const Changes& all) const {
    return all.size() >= options_.beside_min;
  }
  // Whether a commit is shown when the disk has it, and no sooner.
  [[nodiscard]] bool waits_for_disk(std::span<const LogRecord> records) const;
  // Appends to the log, and syncs it where commits wait for that.
  core::Result<void> log(std::span<const LogRecord> records, std::string_view changes);
  // Returns the bytes that are logged for the changes, in `marked_` where switches of generations
  // or a trim are logged with them.
  std::string_view with_marks(const Changes& changes, const Generations& before,
                              const Generations& after);
  // Returns a generation without keys; waits for a flush when there is none.
  core::Result<Generation> take_generation();
  // Returns the generations with a next one.
  core::Result<Generations> with_next();
  // Shows readers the log up to a position, and the tables as they are.
  void show(Position position);
  void flush_if_due();
  // Returns what waits for the next flush, in bytes of memory, or of log where that has more.
  [[nodiscard]] std::uint64_t waiting() const;
  // Returns the bytes of log behind the last flush that has begun, and behind the last that ended.
  [[nodiscard]] std::uint64_t active_log_bytes() const;
  [[nodiscard]] std::uint64_t redo_bytes() const;
  // Has the flusher write what is frozen: all up to a place in the log, behind which it has no
  // changes.
  void begin_flush(const Wal::Reach& end);
  void begin_flush() { begin_flush(wal_->last()); }
  // At the end of the opening, whose log has changes up to there: returns whether the tables have
  // all of them.
  core::Result<bool> flush_last(const Wal::Reach& end, std::chrono::milliseconds left);
  // Writes everything to the tables below, and returns when that is done.
  core::Result<void> flush_all();

  const std::unique_ptr<StorageBelow> base_;
  const std::unique_ptr<Files> files_;
  const EngineOptions options_;
  const FlushedBy by_;
  const std::atomic<bool>* given_up_ = nullptr;  // The flush of close(); null: it is not.
  LayeredTables tables_{*base_};
  Readiness readiness_{*base_, *files_, options_.overlay_bytes};
  std::unique_ptr<Wal> wal_;
  std::unique_ptr<EngineLog> log_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<PeriodicSync> syncer_;
  std::atomic<Position> shown_ = 0;  // The log has more after a commit that failed.
  std::atomic<Generation> shown_generation_ = 0;
  // Used by the writer alone.
  SideThread logger_{SideThread::Threads(by_ == FlushedBy::kThread)};
  std::optional<SideThread::Run> logging_;  // Of the commit that is under way.
  std::string marked_;                      // What is logged for it, where it has marks.
  std::optional<core::Failure> closed_by_;
  // Is logged with the next commit: no batch that was trimmed may be there again beside that, since
  // another one may have its numbers.
  std::optional<Position> unlogged_trim_;
  Position redone_trim_ = 0;  // By the log, at the opening.
  Wal::Reach frozen_at_;      // How far the last flush that has begun reaches.
  IdleFlush idle_;
  SegmentName noted_segment_;
  bool first_opening_ = false;             // No owner has named itself yet.
  bool awaits_owner_ = false;              // One has, and has not done so again in this opening.
  bool owner_named_ = false;               // In the commit under way.
  std::optional<std::uint64_t> prepared_;  // The segment behind which a file was asked for.
  Place place_;
  std::vector<LogLoss> losses_;
  std::vector<Position> passed_;   // As in OpenedWal.
  std::vector<Position> headers_;  // The same.
};

}  // namespace anabranch::storage
