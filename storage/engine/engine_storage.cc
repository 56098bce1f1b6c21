#include "storage/engine/engine_storage.h"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "core/system_failure.h"
#include "storage/engine/engine.h"
#include "storage/wal/logged_changes.h"
#include "storage/wal/loss_note.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_recovery.h"

namespace anabranch::storage {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

namespace {

bool names_owner(const Changes& changes) {
  return std::ranges::any_of(changes, [](const ChangeView& change) {
    return change.table == Table::kMeta && change.key == kIdentityKey;
  });
}

}  // namespace

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
  auto reach = open_base();
  if (!reach.ok()) return reach.failure();
  tables_.begin(reach.value().generations);
  place_ = base_->place();
  // The next holder of a shared log goes on as this one, on whatever machine it runs.
  if (auto id = files_->shared_id(); !id.empty()) {
    place_ = Place();
    place_.machine = std::move(id);
  }
  if (auto opened = open_log(reach.value()); !opened.ok()) return opened;
  if (auto fits = base_->check_fits(tables_.active_bytes()); !fits.ok()) return fits;
  if (options_.look) {
    show(wal_->last().position);
    return {};
  }
  noted_segment_ = wal_->newest();
  if (auto noted = base_->note_segment(noted_segment_.text()); !noted.ok()) return noted;
  if (auto noted = note_begun(reach.value()); !noted.ok()) return noted;
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
  awaits_owner_ = snapshot()->get(Table::kMeta, kIdentityKey).has_value();
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

// The slices of a flush that an earlier process had begun lie in the tables until a flush that goes
// as far has ended.
Result<void> EngineStorage::note_begun(Reach& reach) {
  if (reach.begun.to <= reach.ticket) return {};
  const bool told = std::ranges::any_of(losses_, &LogLoss::half_flushed);
  const bool is_whole = !told && wal_->last().ticket >= reach.begun.to;
  reach.begun = is_whole ? BegunFlush{reach.begun.to, wal_->opening()} : BegunFlush{};
  return base_->apply({}, ReachNote{encode_reach(reach)});
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
  WalBase base{reach.ticket, std::max(reach.position, base_->last_position()), reach.opening};
  base.given = below_trim ? 0 : reach.trimmed - 1;
  if (reach.ticket != Ticket{}) base.segment = SegmentName::parse(noted.value());
  base.begun = reach.begun;
  base.has_next = [this] { return tables_.generations().next.has_value(); };
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
  passed_ = std::move(opened.value().passed);
  headers_ = std::move(opened.value().headers);
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
  owner_named_ = (first_opening_ || awaits_owner_) && names_owner(changes);
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
  const bool named = std::exchange(owner_named_, false);
  awaits_owner_ = awaits_owner_ && !named;
  if (auto settled = settle_place(); !settled.ok()) return close_for_writes(settled.failure());
  prepare_log();
  if (named) note_identity();
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

// The owner has given its identity: it goes on under an origin that fits the losses found. Commits
// before that, such as those of orders of scores that are made anew, say nothing.
Result<void> EngineStorage::settle_place() {
  if (awaits_owner_) return {};
  if (std::exchange(place_.failed, false)) base_->forget_failure();
  if (place_.lost.empty()) return {};
  auto forgotten = give_up_note();
  if (forgotten.ok()) {
    place_.lost.clear();
    losses_.clear();
  }
  const bool again = !forgotten.ok() && forgotten.failure().passes;  // With the next commit.
  return again ? Result<void>() : forgotten;
}

// The note has what the owner's rows have, until these are in the tables: else damage of the log
// alone could make the owner forget an earlier loss. Where the tables refuse that for now, or have
// no room, the log must do: an opening waits for no cause that may last.
Result<void> EngineStorage::give_up_note() {
  if (!planted(Bug::kForgetNoteEarly)) {
    flusher_->wait_unless_refused();
    if (flusher_->has_room() && tables_.freeze()) begin_flush();
    flusher_->wait_unless_refused();
    if (const auto failed = flusher_->failure()) return *failed;
  }
  return forget_losses(*files_);
}

// What the owner has told of itself at first is in the tables soon, too: it is not lost with the
// log.
void EngineStorage::note_identity() {
  if (std::exchange(first_opening_, false) && tables_.freeze()) begin_flush();
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
