// Part of EngineStorage: flushes, generations of tables, and the place of the data.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "storage/engine/engine.h"

namespace anabranch::storage {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

namespace {

// The log can take removals while it has so much room.
constexpr std::uint64_t kLogRoomMin = std::uint64_t{256} << 10U;

}  // namespace

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
  if (!flusher_->wait_within(left, given_up_)) return false;  // For the flush that is under way.
  if (frozen_at_.ticket < end.ticket) {
    if (!may_begin || (given_up_ != nullptr && *given_up_)) return false;
    if (tables_.freeze()) begin_flush(end);  // It may, unless one has failed.
    if (!flusher_->wait_within(left, given_up_)) return false;
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

// A record before that of the swap has begun the next tables, also where nothing was put into them:
// who looks at a damaged log knows by that where a swap may be missing (wal/loss_survey.h).
Result<void> EngineStorage::swap(const Changes& changes) {
  if (auto may = may_write(); !may.ok()) return may;
  if (auto ready = make_ready_for({}, changes); !ready.ok()) return ready;
  const auto before = with_next();
  if (!before.ok()) return close_for_writes(before.failure());
  if (before.value() != tables_.generations()) {
    auto begun = log_and_put({}, {}, before.value(), before.value(), Logging::kFirst);
    if (!begun.ok()) return close_for_writes(begun.failure());
  }
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
  auto done = readiness_.look_at_place(*wal_);
  if (done.ok()) done = wal_->check_all(flusher_->reach().ticket);
  if (!done.ok()) return close_for_writes(done.failure());
  if (auto may = may_write(); !may.ok()) return may;
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
  add_log_damage(figures);
  for (DamagedValue& value : base_->damaged()) {
    const auto generation = generation_of(value.stored);
    if (generation && *generation != shown_generation_) continue;  // Replaced by a swap.
    figures.damaged.push_back(std::move(value.what));
    figures.damaged_rows = figures.damaged_rows || generation;
  }
  return figures;
}

void EngineStorage::add_log_damage(EngineFigures& figures) const {
  if (passed_.empty() && headers_.empty()) return;
  const Position first = wal_->spans().front().first;
  const auto add = [&](const std::vector<Position>& all, const std::string& what) {
    for (const Position each : all) {
      if (each < first) continue;  // Trimmed.
      figures.log_damage.push_back("the log is damaged at position " + std::to_string(each) + what);
    }
  };
  add(passed_, ": a record there cannot be read; the tables have it, and nothing is lost");
  add(headers_, ": a header is wrong; the records behind it are sound, and a start writes it anew");
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

}  // namespace anabranch::storage
