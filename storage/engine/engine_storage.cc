#include "storage/engine/engine_storage.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "core/system_failure.h"
#include "storage/engine/engine_log.h"
#include "storage/engine/engine_snapshot.h"
#include "storage/engine/flusher.h"
#include "storage/engine/idle_flush.h"
#include "storage/engine/periodic_sync.h"
#include "storage/engine/reach.h"
#include "storage/engine/readiness.h"
#include "storage/engine/side_thread.h"
#include "storage/overlay/layered_tables.h"
#include "storage/wal/logged_changes.h"
#include "storage/wal/loss_note.h"
#include "storage/wal/resting_files.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_recovery.h"

namespace anabranch::storage {
namespace {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

// The log can take removals while it has so much room.
constexpr std::uint64_t kLogRoomMin = std::uint64_t{256} << 10U;

bool names_owner(const Changes& changes) {
  return std::ranges::any_of(changes, [](const ChangeView& change) {
    return change.table == Table::kMeta && change.key == kIdentityKey;
  });
}

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

  Result<void> open() override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override { return tables_.snapshot(); }
  [[nodiscard]] std::unique_ptr<WholeSnapshot> whole_snapshot() const override {
    auto held = log_->hold();  // Before the tables: nothing of their log is trimmed in between.
    return std::make_unique<EngineSnapshot>(std::move(held), tables_.published());
  }
  Result<void> make_ready(std::uint64_t bytes, std::uint64_t records) override;
  Result<Position> commit(std::span<const LogRecord> records, const Changes& changes) override;
  Result<bool> begin_commit(std::span<const LogRecord> records, const Changes& changes) override;
  Result<void> finish_commit() override { return logging_ ? finish() : Result<void>(); }
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
  Result<void> trim(Position position) override;
  Result<void> swap(const Changes& changes) override;
  Result<void> clear_next() override;
  Result<std::unique_ptr<Spool>> make_spool() override { return base_->make_spool(); }
  [[nodiscard]] Place place() const override { return place_; }
  [[nodiscard]] std::vector<LogLoss> losses() const override { return losses_; }
  Result<void> remove_set_aside() override { return storage::remove_set_aside(*files_); }
  Result<void> check_place() override;
  [[nodiscard]] Room room(std::uint64_t enough) const override;
  Result<void> sync_all() override;
  void flush_if_idle(std::int64_t now_ms) override;
  Result<bool> close(std::chrono::milliseconds flush_max) override;
  void make_room() override;
  [[nodiscard]] std::optional<EngineFigures> engine() const override;
  [[nodiscard]] ReadStates read_states() const override { return tables_.read_states(); }
  [[nodiscard]] Position last_position() const override { return shown_; }
  bool step() override { return flusher_->step(); }
  [[nodiscard]] Position durable_position() const override { return wal_->durable().position; }

 private:
  // Opens the tables below, and returns their reach.
  Result<Reach> open_base();
  // Notes in the tables that there is a log: it cannot get lost without a word from now on.
  Result<void> note_log(Reach reach);
  Result<void> open_log(const Reach& reach);
  Result<void> redo(std::string_view changes);
  // Asks the owner whether the log may be begun anew that ends before the tables.
  [[nodiscard]] Result<void> accept_short() const;
  // Begins the threads: one that flushes, and, if commits do not sync the log, one that does.
  Result<void> begin_threads(const Reach& reach);
  // Fails when nothing may be written any more.
  Result<void> may_write();
  // Makes ready for this commit unless that was done.
  Result<void> make_ready_for(std::span<const LogRecord> records, const Changes& changes);
  // Closes for writes, unless the failure may pass; returns it.
  Failure close_for_writes(const Failure& failure);
  Result<void> settle_place();
  void note_segment();
  void note_identity();
  void prepare_log();
  // When a commit is logged and made in memory: one after the other, or beside each other, at once;
  // logged beside the work of its caller until it is finished; or both beside that.
  enum class Logging : std::uint8_t { kFirst, kBeside, kLate, kAllLate };
  Result<void> begin_commit(std::span<const LogRecord> records, const Changes& changes,
                            Logging when);
  // Logs a commit and makes it in memory: `changes` go to the tables of `before`, and those of
  // `after` are the ones that readers have when it is shown.
  Result<void> log_and_put(std::span<const LogRecord> records, const Changes& changes,
                           const Generations& before, const Generations& after, Logging when);
  // Waits for the rest of the commit that was begun, and shows it.
  Result<void> finish();
  // Whether a commit has so many changes that a thread beside its caller's is worth its while.
  [[nodiscard]] bool is_large(const Changes& all) const {
    return all.size() >= options_.beside_min;
  }
  // Whether a commit is shown when the disk has it, and no sooner.
  [[nodiscard]] bool waits_for_disk(std::span<const LogRecord> records) const;
  // Appends to the log, and syncs it where commits wait for that.
  Result<void> log(std::span<const LogRecord> records, std::string_view changes);
  // Returns the bytes that are logged for the changes, in `marked_` where switches of generations
  // or a trim are logged with them.
  std::string_view with_marks(const Changes& changes, const Generations& before,
                              const Generations& after);
  // Returns a generation without keys; waits for a flush when there is none.
  Result<Generation> take_generation();
  // Returns the generations with a next one.
  Result<Generations> with_next();
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
  Result<bool> flush_last(const Wal::Reach& end, std::chrono::milliseconds left);
  // Writes everything to the tables below, and returns when that is done.
  Result<void> flush_all();

  const std::unique_ptr<StorageBelow> base_;
  const std::unique_ptr<Files> files_;
  const EngineOptions options_;
  const FlushedBy by_;
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
  std::optional<Failure> closed_by_;
  // Is logged with the next commit: no batch that was trimmed may be there again beside that, since
  // another one may have its numbers.
  std::optional<Position> unlogged_trim_;
  Position redone_trim_ = 0;  // By the log, at the opening.
  Wal::Reach frozen_at_;      // How far the last flush that has begun reaches.
  IdleFlush idle_;
  SegmentName noted_segment_;
  bool first_opening_ = false;             // No owner has named itself yet.
  bool owner_named_ = false;               // In the commit under way.
  std::optional<std::uint64_t> prepared_;  // The segment behind which a file was asked for.
  Place place_;
  std::vector<LogLoss> losses_;
};

// ---- Opening.

Result<Reach> EngineStorage::open_base() {
  const auto opened = base_->open_below();
  if (!opened.ok()) return opened.failure();
  const auto noted = base_->reach();
  if (!noted.ok()) return noted.failure();
  if (!noted.value().empty()) return decode_reach(noted.value());
  Reach reach;
  reach.generations.current = opened.value();
  return reach;
}

Result<void> EngineStorage::open() {
  const auto reach = open_base();
  if (!reach.ok()) return reach.failure();
  tables_.begin(reach.value().generations);
  place_ = base_->place();
  if (auto opened = open_log(reach.value()); !opened.ok()) return opened;
  if (auto fits = base_->check_fits(tables_.active_bytes()); !fits.ok()) return fits;
  if (options_.look) {
    show(wal_->last().position);
    return {};
  }
  noted_segment_ = wal_->newest();
  if (auto noted = base_->note_segment(noted_segment_.text()); !noted.ok()) return noted;
  if (auto begun = begin_threads(reach.value()); !begun.ok()) return begun;
  flusher_->trim({redone_trim_, 0});
  if (reach.value().ticket == Ticket{}) {
    if (auto noted = note_log(flusher_->reach()); !noted.ok()) return noted;
    first_opening_ = true;
  }
  // Next tables that were not swapped in are gone.
  if (!planted(Bug::kKeepNextTables)) {
    tables_.switch_to({.current = tables_.generations().current});
  }
  show(wal_->last().position);
  return {};
}

Result<void> EngineStorage::begin_threads(const Reach& reach) try {
  flusher_ = std::make_unique<Flusher>(tables_, *base_, reach, by_, options_.slice_bytes);
  if (options_.sync_every && by_ == FlushedBy::kThread) {
    syncer_ = std::make_unique<PeriodicSync>(*wal_, *options_.sync_every);
  }
  return {};
} catch (const std::system_error& error) {
  return core::system_failure(
      "the system begins no more threads (see ulimit -u, and the limits of the container)",
      error.code().value());
}

// Up to the record of the log's first opening, before which there is no commit.
Result<void> EngineStorage::note_log(Reach reach) {
  reach.ticket.end = kRecordHeaderSize;
  reach.opening = wal_->opening();
  reach.position = std::max(reach.position, base_->last_position());
  if (auto noted = base_->apply({}, ReachNote{encode_reach(reach)}); !noted.ok()) return noted;
  flusher_->set_reach(reach);
  frozen_at_ = {reach.ticket, reach.position};
  return {};
}

Result<void> EngineStorage::open_log(const Reach& reach) {
  frozen_at_ = {reach.ticket, reach.position};
  const auto noted = base_->noted_segment();
  if (!noted.ok()) return noted.failure();
  // Positions go on behind a log that the base has of its own, and behind what is trimmed: what the
  // log has lost may have been trimmed before, and below that nothing is read.
  const bool below_trim = reach.trimmed == 0 || planted(Bug::kGoOnBelowTrim);
  const Position trimmed_last = below_trim ? 0 : reach.trimmed - 1;
  const Position given = std::max({reach.position, base_->last_position(), trimmed_last});
  WalBase base{reach.ticket, given, reach.opening};
  if (reach.ticket != Ticket{}) base.segment = SegmentName::parse(noted.value());
  const Redo redo = [this](Ticket /*ticket*/, std::string_view changes) {
    return this->redo(changes);
  };
  auto opened = options_.look ? look_at_wal(*files_, options_.wal, base, redo)
                              : open_wal(*files_, options_.wal, base, redo,
                                         [this] { return accept_short(); });
  if (!opened.ok()) return opened.failure();
  const Position trimmed = std::max(reach.trimmed, redone_trim_);
  auto log = std::make_unique<EngineLog>(*base_, *opened.value().wal, trimmed);
  log_ = std::move(log);
  wal_ = std::move(opened.value().wal);
  losses_ = std::move(opened.value().losses);
  if (!losses_.empty()) place_.lost = loss_text(losses_);
  if (options_.look) closed_by_ = core::invalid("it is only looked at");
  return {};
}

Result<void> EngineStorage::accept_short() const {
  return options_.accept_lost_log ? options_.accept_lost_log(*base_->tables()) : Result<void>();
}

Result<void> EngineStorage::redo(std::string_view changes) {
  LoggedChanges walk(changes);
  while (const auto logged = walk.next()) {
    const ChangeView& change = logged->change;
    if (logged->trimmed) {
      redone_trim_ = std::max(redone_trim_, *logged->trimmed);
    } else if (logged->generations) {
      tables_.switch_to(*logged->generations);
    } else if (!change.value && planted(Bug::kRedoNoRemovals)) {
      continue;
    } else if (stored_table(change.table, tables_.generations())) {
      tables_.put(change.table, change.key, change.value);
    } else {
      return core::corrupt("the log changes next tables that nothing in it has begun");
    }
  }
  if (walk.failed()) return core::corrupt("the changes of a commit cannot be read");
  return {};
}

// ---- Commits.

Result<void> EngineStorage::may_write() {
  if (closed_by_) return Failure{ErrorCode::kClosed, "closed for writes: " + closed_by_->message};
  if (const auto failed = flusher_->failure()) return close_for_writes(*failed);
  if (const auto failed = wal_->failure()) return close_for_writes(*failed);
  return {};
}

Failure EngineStorage::close_for_writes(const Failure& failure) {
  if (!closed_by_ && !failure.passes) closed_by_ = failure;
  return failure;
}

Result<void> EngineStorage::make_ready(std::uint64_t bytes, std::uint64_t records) {
  if (auto may = may_write(); !may.ok()) return may;
  auto got = readiness_.get(*wal_, *flusher_, waiting(), bytes, records);
  return got.ok() ? got : close_for_writes(got.failure());
}

Result<void> EngineStorage::make_ready_for(std::span<const LogRecord> records,
                                           const Changes& changes) {
  if (readiness_.ready()) return {};
  std::uint64_t bytes = changes.bytes().size();
  for (const LogRecord& each : records) bytes += each.bytes.size();
  return make_ready(bytes, records.size());
}

Result<Position> EngineStorage::commit(std::span<const LogRecord> records, const Changes& changes) {
  const bool beside = by_ == FlushedBy::kThread && is_large(changes);
  auto done = begin_commit(records, changes, beside ? Logging::kBeside : Logging::kFirst);
  if (done.ok() && !(records.empty() && changes.empty())) done = finish();
  return done.ok() ? Result<Position>(last_position()) : done.failure();
}

Result<bool> EngineStorage::begin_commit(std::span<const LogRecord> records,
                                         const Changes& changes) {
  const bool large = is_large(changes);
  if (!large && !waits_for_disk(records)) {
    auto done = commit(records, changes);
    return done.ok() ? Result<bool>(false) : done.failure();
  }
  auto begun = begin_commit(records, changes, large ? Logging::kAllLate : Logging::kLate);
  return begun.ok() ? Result<bool>(true) : begun.failure();
}

Result<void> EngineStorage::begin_commit(std::span<const LogRecord> records, const Changes& changes,
                                         Logging when) {
  if (auto may = may_write(); !may.ok()) return may;
  if (records.empty() && changes.empty()) return {};
  if (auto ready = make_ready_for(records, changes); !ready.ok()) return ready;
  if (first_opening_ && names_owner(changes)) {
    first_opening_ = false;
    owner_named_ = true;
  }
  Result<Generations> generations = tables_.generations();
  const auto changes_next = [&](const TablePair& pair) { return changes.has(pair.next); };
  if (std::ranges::any_of(kSwappedTables, changes_next)) generations = with_next();
  if (!generations.ok()) return close_for_writes(generations.failure());
  auto done = log_and_put(records, changes, generations.value(), generations.value(), when);
  return done.ok() ? done : close_for_writes(done.failure());
}

Result<void> EngineStorage::finish() {
  if (logging_) {
    auto logged = logging_->wait();
    logging_.reset();
    if (!logged.ok()) return close_for_writes(logged.failure());
  }
  unlogged_trim_.reset();
  note_segment();
  show(wal_->last().position);
  if (auto settled = settle_place(); !settled.ok()) return close_for_writes(settled.failure());
  prepare_log();
  note_identity();
  flush_if_due();
  return {};
}

Result<void> EngineStorage::log_and_put(std::span<const LogRecord> records, const Changes& changes,
                                        const Generations& before, const Generations& after,
                                        Logging when) {
  ANABRANCH_ASSERT(!logging_);
  readiness_.use();
  const auto log = [=, this, logged = with_marks(changes, before, after)] {
    return this->log(records, logged);
  };
  tables_.switch_to(before);
  const auto put = [this, &changes] {  // Shown later; never, when the log has failed.
    for (const ChangeView& change : changes) tables_.put(change.table, change.key, change.value);
  };
  const auto log_then_put = [log, put] {
    auto done = log();
    if (done.ok()) put();
    return done;
  };
  if (when == Logging::kFirst) {
    if (auto done = log_then_put(); !done.ok()) return done;
  } else if (when == Logging::kAllLate) {
    logging_.emplace(logger_.begin_told(log_then_put));
  } else {
    logging_.emplace(when == Logging::kBeside ? logger_.begin(log) : logger_.begin_told(log));
    put();
  }
  if (after != before) tables_.switch_to(after);
  if (when >= Logging::kLate && planted(Bug::kShowUnderWay)) show(shown_ + records.size());
  return {};
}

bool EngineStorage::waits_for_disk(std::span<const LogRecord> records) const {
  return (!options_.sync_every || records.empty()) && !planted(Bug::kShowUnsynced);
}

Result<void> EngineStorage::log(std::span<const LogRecord> records, std::string_view changes) {
  if (auto appended = wal_->append(records, changes); !appended.ok()) return appended.failure();
  if (!waits_for_disk(records)) return {};
  auto synced = wal_->sync();
  if (synced.ok()) return {};
  if (planted(Bug::kShowFailed)) shown_ = wal_->last().position;
  return synced.failure();
}

std::string_view EngineStorage::with_marks(const Changes& changes, const Generations& before,
                                           const Generations& after) {
  const bool switches = before != tables_.generations() || after != before;
  if (!switches && !unlogged_trim_) return changes.bytes();
  marked_.clear();
  if (before != tables_.generations()) append_switch(marked_, before);
  marked_.append(changes.bytes());
  if (after != before) append_switch(marked_, after);
  if (unlogged_trim_) append_trim(marked_, *unlogged_trim_);
  return marked_;
}

void EngineStorage::show(Position position) {
  shown_ = position;  // Before the tables: a reader looks up what it has seen there.
  shown_generation_ = tables_.generations().current;
  tables_.publish(position);
}

Result<void> EngineStorage::trim(Position position) {
  if (auto may = may_write(); !may.ok()) return may;
  const Ticket floor =
      planted(Bug::kTrimUnflushed) ? wal_->last().ticket : flusher_->reach().ticket;
  auto trimmed = log_->trim(position, floor);
  if (!trimmed.ok()) return close_for_writes(trimmed.failure());
  unlogged_trim_ = trimmed.value().log;
  flusher_->trim(trimmed.value());
  return {};
}

// The owner has committed: it goes on under an origin that fits what it has found.
Result<void> EngineStorage::settle_place() {
  if (std::exchange(place_.failed, false)) base_->forget_failure();
  if (place_.lost.empty()) return {};
  auto forgotten = forget_losses(*files_);
  if (forgotten.ok()) {
    place_.lost.clear();
    losses_.clear();
  }
  const bool again = !forgotten.ok() && forgotten.failure().passes;  // With the next commit.
  return again ? Result<void>() : forgotten;
}

// What the owner has told of itself at first is in the tables soon, too: it is not lost with the
// log.
void EngineStorage::note_identity() {
  if (std::exchange(owner_named_, false) && tables_.freeze()) begin_flush();
}

// The tables know of each segment soon: one that is removed later is missed.
void EngineStorage::note_segment() {
  if (std::exchange(noted_segment_, wal_->newest()) != wal_->newest())
    flusher_->note_segment(noted_segment_.text());
}

// Has a file made for the next segment when half of the last one is used.
void EngineStorage::prepare_log() {
  const auto begin = wal_->half_full();
  if (begin && std::exchange(prepared_, begin) != begin) flusher_->prepare(*wal_);
}

// ---- Flushing.

// The log that lies behind the last flush that has begun. Where the same keys are written again and
// again it grows, and the overlay does not.
std::uint64_t EngineStorage::active_log_bytes() const {
  const std::uint64_t end = wal_->last().ticket.end;
  return end - std::min(end, frozen_at_.ticket.end);
}

std::uint64_t EngineStorage::redo_bytes() const {
  const std::uint64_t flushed = flusher_ ? flusher_->reach().ticket.end : frozen_at_.ticket.end;
  const std::uint64_t end = wal_->last().ticket.end;
  return end - std::min(end, flushed);
}

std::uint64_t EngineStorage::waiting() const {
  const std::uint64_t logged =
      planted(Bug::kForgetLog) ? 0 : active_log_bytes() / EngineOptions::kLogPart;
  return std::max(tables_.active_bytes(), logged);
}

void EngineStorage::begin_flush(const Wal::Reach& end) {
  frozen_at_ = end;
  Reach reach{end.ticket, end.position, wal_->opening(), 0, tables_.generations()};
  if (planted(Bug::kNoteFormerGenerations)) reach.generations = flusher_->reach().generations;
  flusher_->flush(reach, *wal_);
}

void EngineStorage::flush_if_due() {
  const std::uint64_t bytes = waiting();
  const bool full = bytes >= options_.overlay_bytes;
  if (!full && !tables_.has_old() && !tables_.walks_are_slow()) return;
  if (tables_.freeze()) return begin_flush();
  if (!full) return;
  flusher_->hold_up(bytes - options_.overlay_bytes, options_.overlay_bytes);
  if (tables_.freeze()) begin_flush();
}

void EngineStorage::flush_if_idle(std::int64_t now_ms) {
  if (logging_ || !may_write().ok()) return;
  const Wal::Reach last = wal_->last();
  const IdleFlush::Log log{last.ticket, frozen_at_.ticket, last.position, frozen_at_.position};
  if (!idle_.due(now_ms, log, tables_.is_read_before_flush())) return;
  if (!tables_.freeze()) return;
  begin_flush();
  idle_.begun(now_ms);
}

// The reach is that before the closing record: damage of that one alone is damage of nothing.
Result<bool> EngineStorage::close(std::chrono::milliseconds flush_max) {
  ANABRANCH_ASSERT(!logging_);
  if (auto may = may_write(); !may.ok()) return may.failure();
  syncer_.reset();
  const Wal::Reach end = wal_->last();
  if (auto closed = wal_->close(); !closed.ok()) return close_for_writes(closed.failure());
  closed_by_ = Failure{ErrorCode::kClosed, "it was closed"};
  return flush_last(end, flush_max);
}

Result<bool> EngineStorage::flush_last(const Wal::Reach& end, std::chrono::milliseconds left) {
  const bool may_begin = left > std::chrono::milliseconds(0) && flusher_->has_room();
  if (!flusher_->wait_within(left)) return false;  // For the flush that is under way.
  if (frozen_at_.ticket < end.ticket) {
    if (!may_begin) return false;
    if (tables_.freeze()) begin_flush(end);  // It may, unless one has failed.
    if (!flusher_->wait_within(left)) return false;
  }
  const auto failed = flusher_->failure();
  return failed ? Result<bool>(*failed) : Result<bool>(true);
}

Result<void> EngineStorage::flush_all() {
  if (auto done = flusher_->wait(); !done.ok()) return done;
  const bool frozen = tables_.freeze();
  ANABRANCH_ASSERT(frozen);
  begin_flush();
  return flusher_->wait();
}

// ---- Generations.

Result<Generation> EngineStorage::take_generation() {
  for (const bool flushes : {false, true}) {
    if (const auto found = tables_.free_generation()) return *found;
    auto done = flushes ? flush_all() : flusher_->wait();
    if (!done.ok()) return done.failure();
  }
  const auto found = tables_.free_generation();
  ANABRANCH_ASSERT(found);
  return *found;
}

Result<Generations> EngineStorage::with_next() {
  Generations generations = tables_.generations();
  if (generations.next) return generations;
  const auto taken = take_generation();
  if (!taken.ok()) return taken.failure();
  generations.next = taken.value();
  return generations;
}

Result<void> EngineStorage::swap(const Changes& changes) {
  if (auto may = may_write(); !may.ok()) return may;
  if (auto ready = make_ready_for({}, changes); !ready.ok()) return ready;
  const auto before = with_next();
  if (!before.ok()) return close_for_writes(before.failure());
  const auto next = before.value().next;
  ANABRANCH_ASSERT(next);
  const Generations after{.current = *next};
  auto done = log_and_put({}, changes, before.value(), after, Logging::kFirst);
  return done.ok() ? finish() : close_for_writes(done.failure());
}

// Is not logged: the commit that begins the next tables anew names another generation, and an
// opening does without the next tables anyway.
Result<void> EngineStorage::clear_next() {
  if (auto may = may_write(); !may.ok()) return may;
  if (!tables_.generations().next) return {};
  tables_.switch_to({.current = tables_.generations().current});
  tables_.publish(last_position());
  flush_if_due();
  return {};
}

// ---- The place.

Result<void> EngineStorage::check_place() {
  if (auto may = may_write(); !may.ok()) return may;
  auto done = readiness_.look_at_place(*wal_);
  if (done.ok()) done = wal_->check_all(flusher_->reach().ticket);
  if (!done.ok()) return close_for_writes(done.failure());
  done = wal_->trim_again();
  return done.ok() ? done : close_for_writes(done.failure());
}

// What waits in memory needs room of the tables. While a slice is being written it counts as
// waiting, and the room is that before it.
Room EngineStorage::room(std::uint64_t enough) const {
  for (;;) {
    const auto [waiting, slice] = tables_.unflushed();
    Room room = slice % 2 == 0 ? base_->room(enough + waiting) : flusher_->slice_room();
    if (tables_.unflushed().slice != slice) continue;
    const std::uint64_t outside = std::min(room.outside, waiting);
    room.outside -= outside;
    room.inside -= std::min(room.inside, waiting - outside);
    // What is free in the tables is of no use to the log.
    if (wal_->room_ahead() < kLogRoomMin && room.outside < kLogRoomMin) room.inside = 0;
    return room;
  }
}

std::optional<EngineFigures> EngineStorage::engine() const {
  EngineFigures figures{.log_bytes = wal_->file_bytes(),
                        .waiting_bytes = tables_.allocated(),
                        .flushes = flusher_ ? flusher_->flushes() : 0,
                        .flushing = flusher_ && flusher_->is_flushing(),
                        .redo_bytes = redo_bytes(),
                        .unsynced_bytes = wal_->unsynced_bytes()};
  for (DamagedValue& value : base_->damaged()) {
    const auto generation = generation_of(value.stored);
    if (generation && *generation != shown_generation_) continue;  // Replaced by a swap.
    figures.damaged.push_back(std::move(value.what));
    figures.damaged_rows = figures.damaged_rows || generation;
  }
  return figures;
}

Result<void> EngineStorage::sync_all() {
  const auto synced = wal_->sync();
  return synced.ok() ? Result<void>() : synced.failure();
}

// What was removed gives its room back in the tables alone.
void EngineStorage::make_room() {
  if (logging_ || !may_write().ok()) return;
  (void)wal_->give_back_spares();  // What cannot be removed is found by the next opening.
  if (!tables_.has_active()) return;
  if (tables_.freeze()) begin_flush();
}

}  // namespace

Result<std::unique_ptr<WholeStorage>> open_engine_storage(std::unique_ptr<StorageBelow> base,
                                                          std::unique_ptr<Files> files,
                                                          const EngineOptions& options) {
  return std::unique_ptr<WholeStorage>(std::make_unique<EngineStorage>(
      std::move(base), std::move(files), options, FlushedBy::kThread));
}

std::unique_ptr<SteppedEngine> make_stepped_engine(std::unique_ptr<StorageBelow> base,
                                                   std::unique_ptr<Files> files,
                                                   const EngineOptions& options) {
  return std::make_unique<EngineStorage>(std::move(base), std::move(files), options,
                                         FlushedBy::kSteps);
}

}  // namespace anabranch::storage
