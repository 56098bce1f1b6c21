#include "storage/engine/engine_storage.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "core/assert.h"
#include "core/planted_bug.h"
#include "storage/engine/engine_log.h"
#include "storage/engine/flusher.h"
#include "storage/engine/reach.h"
#include "storage/overlay/layered_tables.h"
#include "storage/wal/change_buffer.h"
#include "storage/wal/wal_recovery.h"

namespace anabranch::storage {
namespace {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

// The longest that a commit is held up while a flush is under way and there is room.
constexpr std::chrono::microseconds kPaceMax{1'000};

bool is_next_table(Table table) {
  return std::ranges::any_of(kSwappedTables,
                             [&](const TablePair& pair) { return pair.next == table; });
}

// The tables of the storage below.
class TablesBelow final : public Base {
 public:
  explicit TablesBelow(WholeStorage& storage) : storage_(storage) {}

  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override { return storage_.snapshot(); }
  Result<void> apply(std::span<const Change> changes,
                     std::optional<std::string_view> reach) override {
    if (reach) return storage_.commit_reach(changes, *reach);
    const auto committed = storage_.commit({}, changes);
    return committed.ok() ? Result<void>() : committed.failure();
  }

 private:
  WholeStorage& storage_;
};

// The tables and the log as of one commit.
class EngineSnapshot final : public WholeSnapshot {
 public:
  EngineSnapshot(std::unique_ptr<EngineLog::Held> log, LayeredTables::Published tables)
      : log_(std::move(log)), tables_(std::move(tables)) {}

  [[nodiscard]] std::optional<std::string_view> get(Table table,
                                                    std::string_view key) const override {
    return tables_.snapshot->get(table, key);
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, std::string_view from,
                                             Direction direction) const override {
    return tables_.snapshot->scan(table, from, direction);
  }
  [[nodiscard]] std::uint64_t size(Table table) const override {
    return tables_.snapshot->size(table);
  }
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override {
    auto record = log_->read(position);
    if (record && record->position > last_position()) return std::nullopt;
    return record;
  }
  [[nodiscard]] Position last_position() const override { return tables_.mark; }

 private:
  const std::unique_ptr<EngineLog::Held> log_;
  const LayeredTables::Published tables_;
};

class EngineStorage final : public SteppedEngine {
 public:
  EngineStorage(std::unique_ptr<WholeStorage> base, std::unique_ptr<Files> files,
                const EngineOptions& options, FlushedBy by)
      : base_(std::move(base)), files_(std::move(files)), options_(options), by_(by) {}
  ~EngineStorage() override {
    flusher_.reset();
    if (wal_) (void)wal_->close();  // What fails is found by the next opening.
  }

  Result<void> open(const Apply& apply) override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override { return tables_.snapshot(); }
  [[nodiscard]] std::unique_ptr<WholeSnapshot> whole_snapshot() const override {
    auto held = log_->hold();  // Before the tables: nothing of their log is trimmed in between.
    return std::make_unique<EngineSnapshot>(std::move(held), tables_.published());
  }
  Result<Position> commit(std::span<const LogRecord> records,
                          std::span<const Change> changes) override;
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override {
    auto record = log_->read(position);
    return record && record->position <= shown_ ? std::move(record) : std::nullopt;
  }
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const override {
    const auto found = log_->find(origin, seq);
    return found && *found <= shown_ ? found : std::nullopt;
  }
  Result<void> trim(Position position) override;
  Result<void> begin_log_after(Position position) override;
  Result<void> commit_reach(std::span<const Change> changes, std::string_view reach) override;
  [[nodiscard]] Result<std::string> reach() const override { return std::string(); }
  Result<void> swap(std::span<const Change> changes) override;
  Result<void> clear_next() override;
  Result<std::unique_ptr<Spool>> make_spool() override { return base_->make_spool(); }
  [[nodiscard]] Place place() const override { return place_; }
  Result<void> check_place() override;
  [[nodiscard]] Room room(std::uint64_t enough) const override;
  [[nodiscard]] Position last_position() const override { return shown_; }
  [[nodiscard]] Position durable_position() const override { return wal_->durable().position; }
  bool step() override { return flusher_->step(); }

 private:
  Result<void> open_log(const Reach& reach);
  Result<void> redo(std::string_view changes);
  // Begins the log anew behind a position. Until that is done the former one is read.
  Result<void> restart_log(Position position);
  // Fails when nothing may be written any more.
  [[nodiscard]] Result<void> may_write() const;
  Failure close_for_writes(const Failure& failure);
  Result<void> log_and_show(std::span<const LogRecord> records, std::span<const Change> changes);
  // Shows readers the log up to a position, and the tables as they are.
  void show(Position position);
  void flush_if_due();
  // Has the flusher write what is frozen: all up to the end of the log.
  void begin_flush();
  // Writes everything to the tables below, and returns when that is done.
  Result<void> flush_all();

  const std::unique_ptr<WholeStorage> base_;
  const std::unique_ptr<Files> files_;
  const EngineOptions options_;
  const FlushedBy by_;
  TablesBelow below_{*base_};
  LayeredTables tables_{below_};
  std::unique_ptr<Wal> wal_;
  std::unique_ptr<EngineLog> log_;
  std::unique_ptr<Flusher> flusher_;
  std::atomic<Position> shown_ = 0;  // The log has more after a commit that failed.
  // Used by the writer alone.
  ChangeBuffer buffer_;
  std::optional<Failure> closed_by_;
  Place place_;
};

// ---- Opening.

Result<void> EngineStorage::open(const Apply& apply) {
  if (auto opened = base_->open(apply); !opened.ok()) return opened;
  const auto noted = base_->reach();
  if (!noted.ok()) return noted.failure();
  const auto reach = decode_reach(noted.value());
  if (!reach.ok()) return reach.failure();
  place_ = base_->place();
  if (auto opened = open_log(reach.value()); !opened.ok()) return opened;
  flusher_ = std::make_unique<Flusher>(tables_, *base_, reach.value(), by_, options_.slice_bytes);
  // The process ended between the two steps of begin_log_after().
  if (wal_->last().position < base_->last_position()) {
    if (auto begun = restart_log(base_->last_position()); !begun.ok()) return begun;
  }
  show(wal_->last().position);
  return {};
}

Result<void> EngineStorage::open_log(const Reach& reach) {
  // Positions go on behind a log that the base has of its own.
  const WalBase base{reach.ticket, std::max(reach.position, base_->last_position()), reach.opening};
  auto opened =
      open_wal(*files_, options_.wal, base,
               [this](Ticket /*ticket*/, std::string_view changes) { return redo(changes); });
  if (!opened.ok()) return opened.failure();
  auto log = std::make_unique<EngineLog>(*base_, *opened.value().wal, reach.trimmed);
  log_ = std::move(log);
  wal_ = std::move(opened.value().wal);
  const WalVerdict verdict = opened.value().verdict;
  if (verdict == WalVerdict::kDamaged || verdict == WalVerdict::kShort) place_.failed = true;
  return {};
}

// Next tables that were not swapped in are gone: a swap flushes everything first.
Result<void> EngineStorage::redo(std::string_view changes) {
  return read_changes(changes, [this](const ChangeView& change) {
    if (is_next_table(change.table)) return;
    if (!change.value && planted(Bug::kRedoNoRemovals)) return;
    tables_.put(change.table, change.key, change.value);
  });
}

Result<void> EngineStorage::restart_log(Position position) {
  const Reach reach{{}, position, wal_->opening(), 0};
  const auto names = files_->list();
  if (!names.ok()) return names.failure();
  for (const std::string& name : names.value()) {
    if (auto removed = files_->remove(name); !removed.ok()) return removed;
  }
  if (auto synced = files_->sync_folder(); !synced.ok()) return synced;
  if (auto noted = base_->commit_reach({}, encode_reach(reach)); !noted.ok()) return noted;
  flusher_->set_reach(reach);
  return open_log(reach);
}

Result<void> EngineStorage::begin_log_after(Position position) {
  if (auto may = may_write(); !may.ok()) return may;
  ANABRANCH_ASSERT(last_position() == 0);
  if (auto flushed = flush_all(); !flushed.ok()) return flushed;
  auto begun = base_->begin_log_after(position);
  if (begun.ok()) begun = restart_log(position);
  if (!begun.ok()) return close_for_writes(begun.failure());
  show(position);
  return {};
}

// ---- Commits.

Result<void> EngineStorage::may_write() const {
  if (closed_by_) return Failure{ErrorCode::kClosed, "closed for writes: " + closed_by_->message};
  if (const auto failed = flusher_->failure()) {
    return Failure{ErrorCode::kClosed, "closed for writes: " + failed->message};
  }
  return {};
}

Failure EngineStorage::close_for_writes(const Failure& failure) {
  if (!closed_by_) closed_by_ = failure;
  return failure;
}

Result<Position> EngineStorage::commit(std::span<const LogRecord> records,
                                       std::span<const Change> changes) {
  if (auto may = may_write(); !may.ok()) return may.failure();
  if (records.empty() && changes.empty()) return last_position();
  if (auto done = log_and_show(records, changes); !done.ok()) {
    return close_for_writes(done.failure());
  }
  place_.failed = false;
  flush_if_due();
  return last_position();
}

Result<void> EngineStorage::log_and_show(std::span<const LogRecord> records,
                                         std::span<const Change> changes) {
  if (auto there = files_->check_there(); !there.ok()) return there;
  buffer_.clear();
  for (const Change& change : changes) {
    if (change.value) {
      buffer_.put(change.table, change.key, *change.value);
    } else {
      buffer_.remove(change.table, change.key);
    }
  }
  if (auto appended = wal_->append(records, buffer_.bytes()); !appended.ok()) {
    return appended.failure();
  }
  if (!planted(Bug::kShowUnsynced)) {
    if (auto synced = wal_->sync(); !synced.ok()) {
      if (planted(Bug::kShowFailed)) shown_ = wal_->last().position;
      return synced.failure();
    }
  }
  for (const Change& change : changes) tables_.put(change.table, change.key, change.value);
  show(wal_->last().position);
  return {};
}

void EngineStorage::show(Position position) {
  shown_ = position;  // Before the tables: a reader looks up what it has seen there.
  tables_.publish(position);
}

Result<void> EngineStorage::commit_reach(std::span<const Change> /*changes*/,
                                         std::string_view /*reach*/) {
  return core::invalid("the engine has its own log, and no other above it");
}

Result<void> EngineStorage::trim(Position position) {
  if (auto may = may_write(); !may.ok()) return may;
  const Ticket floor =
      planted(Bug::kTrimUnflushed) ? wal_->last().ticket : flusher_->reach().ticket;
  auto trimmed = log_->trim(position, floor);
  if (!trimmed.ok()) return close_for_writes(trimmed.failure());
  flusher_->trim(trimmed.value());
  return {};
}

// ---- Flushing.

void EngineStorage::begin_flush() {
  const Wal::Reach last = wal_->last();
  flusher_->flush(last.ticket, last.position, wal_->opening());
}

void EngineStorage::flush_if_due() {
  const std::uint64_t bytes = tables_.active_bytes();
  if (bytes < options_.overlay_bytes) return;
  if (tables_.freeze()) return begin_flush();
  const std::uint64_t beyond = bytes - options_.overlay_bytes;
  if (beyond >= options_.overlay_bytes) {
    (void)flusher_->wait();  // What failed is told by the next commit.
  } else if (beyond > options_.overlay_bytes / 2) {
    flusher_->wait_at_most(kPaceMax * beyond / options_.overlay_bytes);
  }
}

Result<void> EngineStorage::flush_all() {
  if (auto done = flusher_->wait(); !done.ok()) return done;
  const bool frozen = tables_.freeze();
  ANABRANCH_ASSERT(frozen);
  begin_flush();
  return flusher_->wait();
}

Result<void> EngineStorage::swap(std::span<const Change> changes) {
  if (auto may = may_write(); !may.ok()) return may;
  auto done = planted(Bug::kSwapUnflushed) ? Result<void>() : flush_all();
  if (done.ok()) done = base_->swap(changes);
  if (!done.ok()) return close_for_writes(done.failure());
  return {};
}

Result<void> EngineStorage::clear_next() {
  if (auto may = may_write(); !may.ok()) return may;
  auto done = flush_all();
  if (done.ok()) done = base_->clear_next();
  if (!done.ok()) return close_for_writes(done.failure());
  return {};
}

// ---- The place.

Result<void> EngineStorage::check_place() {
  if (auto may = may_write(); !may.ok()) return may;
  const Result<void> there = files_->check_there();
  return there.ok() ? there : close_for_writes(there.failure());
}

Room EngineStorage::room(std::uint64_t enough) const {
  const std::uint64_t waiting = tables_.active_bytes() + tables_.other_bytes();
  Room room = base_->room(enough + waiting);
  room.outside -= std::min(room.outside, waiting);
  return room;
}

}  // namespace

Result<std::unique_ptr<WholeStorage>> open_engine_storage(std::unique_ptr<WholeStorage> base,
                                                          std::unique_ptr<Files> files,
                                                          const EngineOptions& options) {
  return std::unique_ptr<WholeStorage>(std::make_unique<EngineStorage>(
      std::move(base), std::move(files), options, FlushedBy::kThread));
}

std::unique_ptr<SteppedEngine> make_stepped_engine(std::unique_ptr<WholeStorage> base,
                                                   std::unique_ptr<Files> files,
                                                   const EngineOptions& options) {
  return std::make_unique<EngineStorage>(std::move(base), std::move(files), options,
                                         FlushedBy::kSteps);
}

}  // namespace anabranch::storage
