#include "storage/lmdb_storage.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "storage/disk_room.h"
#include "storage/file_spool.h"
#include "storage/lmdb_directory.h"
#include "storage/lmdb_log.h"
#include "storage/lmdb_place.h"
#include "storage/lmdb_readers.h"
#include "storage/lmdb_sealing.h"
#include "storage/lmdb_snapshot.h"
#include "storage/sealed_values.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

// The room that is kept for a commit: a page for each change, some for the pages above and for the
// list of free ones, but no more than this. Changes lie beside each other, several in a page.
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kPagesPerCommit = 64;
constexpr std::uint64_t kKeptMax = std::uint64_t{64} << 20U;
constexpr std::uint64_t kRoomForKept = 16;  // So many times as much must be free.

Result<void> put_changes(const LmdbTxn& txn, const LmdbTables& tables,
                         std::span<const ChangeView> changes) {
  std::optional<LmdbCursor> cursor;
  const ChangeView* previous = nullptr;
  for (const ChangeView& change : changes) {
    if (previous == nullptr || previous->table != change.table) {
      const std::size_t table = static_cast<std::size_t>(change.table);
      Result<LmdbCursor> opened = LmdbCursor::open(txn, tables.by_table.at(table));
      if (!opened.ok()) return opened.failure();
      cursor.emplace(std::move(opened).value());
    }
    previous = &change;
    if (change.value) {
      const auto put = put_sealed(*cursor, change.key, *change.value);
      if (!put.ok()) return put.failure();
    } else {
      const auto removed = cursor->remove(change.key);
      if (!removed.ok()) return removed.failure();
    }
  }
  return {};
}

// Refuses an address space in which the present data would leave less than the reserve.
// `more`: bytes that are not in it yet.
Result<void> check_map(const LmdbOptions& options, const LmdbEnv& env, std::uint64_t more = 0) {
  const Result<LmdbSize> size = env.size();
  if (!size.ok()) return size.failure();
  const Result<LmdbTxn> txn = env.begin_read();
  if (!txn.ok()) return txn.failure();
  const Result<std::size_t> free = txn.value().free_pages();
  if (!free.ok()) return free.failure();
  const std::size_t held =
      size.value().used_bytes + more -
      std::min(size.value().used_bytes, free.value() * size.value().page_bytes);
  if (held + options.reserve_bytes <= options.map_bytes) return {};
  return core::invalid("it holds " + std::to_string(held) + " bytes, too much for map_bytes of " +
                       std::to_string(options.map_bytes) + " with a reserve of " +
                       std::to_string(options.reserve_bytes) +
                       ": give more (it is address space, not disk)");
}

class LmdbStorage final : public StorageBelow {
 public:
  LmdbStorage(LmdbOptions options, LmdbDirectory directory, Position last)
      : options_(std::move(options)),
        data_file_(data_file_of(options_.directory)),
        directory_(std::move(directory)),
        own_readers_(*directory_.env, options_.readers_max, options_.reader_patience),
        readers_(&own_readers_),
        last_(last) {}

  Result<Generation> open_below() override;
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override;
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const override;
  Result<void> trim(Position position) override;
  Result<void> append(std::span<const StoredRecord> records) override;
  Result<void> go_on_behind(Position position) override;
  [[nodiscard]] std::unique_ptr<Snapshot> tables() const override {
    return std::make_unique<LmdbSnapshot>(lease(), directory_.tables.by_table, values());
  }
  Result<void> apply(std::span<const ChangeView> changes,
                     const std::optional<ReachNote>& note) override;
  [[nodiscard]] Result<std::string> reach() const override { return marked(kReachKey); }
  Result<void> note_segment(std::string_view name) override;
  [[nodiscard]] Result<std::string> noted_segment() const override { return marked(kSegmentKey); }
  Result<std::unique_ptr<Spool>> make_spool() override {
    return make_file_spool(options_.directory);
  }
  [[nodiscard]] Result<void> look_at_place() const override;
  [[nodiscard]] Result<void> check_fits(std::uint64_t bytes) const override;
  [[nodiscard]] Place place() const override { return directory_.place; }
  void forget_failure() override { directory_.lock.forget_failure(); }
  [[nodiscard]] std::vector<DamagedValue> damaged() const override { return values_.damaged(); }
  [[nodiscard]] Room room(std::uint64_t enough) const override;
  [[nodiscard]] Position last_position() const override { return last_.load(); }

 private:
  // Returns the value at a key of the marker; empty when there is none.
  [[nodiscard]] Result<std::string> marked(std::string_view key) const;
  // The environment that serves reads after LMDB has given up the first one, on a failed write.
  struct Frozen {
    Frozen(std::unique_ptr<LmdbEnv> opened, const LmdbOptions& options)
        : env(std::move(opened)), readers(*env, options.readers_max, options.reader_patience) {}
    std::unique_ptr<LmdbEnv> env;
    LmdbReaders readers;
  };

  // Fails when the opened files are no longer those of the data directory.
  [[nodiscard]] Result<void> find_place() const;
  [[nodiscard]] Failure in_directory(const Failure& failure) const {
    return {failure.code, "data directory " + options_.directory + ": " + failure.message,
            failure.passes};
  }
  [[nodiscard]] LmdbReaders::Lease lease() const;
  // LMDB does not notice that it runs in a forked process, and would corrupt the data.
  void assert_not_forked() const { ANABRANCH_ASSERT(::getpid() == process_); }
  // Fails when nothing may be written any more.
  Result<void> may_write() const;
  // Writes records, or changes with the note, in one transaction.
  Result<void> write(std::span<const StoredRecord> records);
  Result<void> write(std::span<const ChangeView> changes, const std::optional<ReachNote>& note);
  Result<void> commit_here(LmdbTxn& txn);
  // The checksums of values; null where they have none.
  [[nodiscard]] const SealedValues* values() const {
    return directory_.tables.sealed() ? &values_ : nullptr;
  }
  Result<bool> trim_some(Position position);
  Result<void> mark_trimmed(Position position);
  // Stores the reason why no write is possible any more, and keeps reads going. Returns the
  // failure.
  Failure close_for_writes(Failure failure);
  // Returns a failure that may pass as it is; else closes for writes.
  Failure refuse_or_close(const Failure& failure);
  // Has the disk keep room for the growth of the file by these changes.
  Result<void> keep_room_for(std::span<const ChangeView> changes);
  void freeze();

  const LmdbOptions options_;
  const std::string data_file_;
  LmdbDirectory directory_;
  SealedValues values_;
  LmdbReaders own_readers_;
  std::unique_ptr<Frozen> frozen_;
  std::atomic<LmdbReaders*> readers_;
  std::atomic<Position> last_;
  const pid_t process_ = ::getpid();
  bool opened_ = false;
  std::string closed_by_;  // Used by the writer alone.
};

Result<Generation> LmdbStorage::open_below() {
  ANABRANCH_ASSERT(!opened_);
  opened_ = true;
  const Result<LmdbTxn> txn = directory_.env->begin_read();
  if (!txn.ok()) return txn.failure();
  return current_in(txn.value(), directory_.tables);
}

LmdbReaders::Lease LmdbStorage::lease() const {
  ANABRANCH_ASSERT(opened_);
  for (;;) {
    if (std::optional<LmdbReaders::Lease> lease = readers_.load()->acquire()) {
      return std::move(*lease);
    }
    // LMDB has given up; the writer is about to replace the readers.
    std::this_thread::yield();
  }
}

Result<void> LmdbStorage::apply(std::span<const ChangeView> changes,
                                const std::optional<ReachNote>& note) {
  if (auto may = may_write(); !may.ok()) return may;
  auto written = keep_room_for(changes);
  if (written.ok()) written = write(changes, note);
  return written.ok() ? written : refuse_or_close(written.failure());
}

// For limits that the free room of the disk does not tell, such as a quota; on a disk with little
// room the reserve stands for it, and none is kept. Free pages of the file serve as well.
Result<void> LmdbStorage::keep_room_for(std::span<const ChangeView> changes) {
  std::uint64_t bytes = kPagesPerCommit * kPageBytes;
  for (const ChangeView& each : changes) {
    bytes += kPageBytes + each.key.size() + (each.value ? 2 * each.value->size() : 0);
  }
  bytes = std::min(bytes, kKeptMax);
  if (room(0).outside < kRoomForKept * bytes) return {};
  auto kept = directory_.env->keep_room(bytes);
  if (kept.ok() || !kept.failure().passes) return kept;
  return room(~std::uint64_t{0}).inside >= bytes ? Result<void>() : kept;
}

Result<void> LmdbStorage::write(std::span<const ChangeView> changes,
                                const std::optional<ReachNote>& note) {
  const LmdbTables& tables = directory_.tables;
  Result<LmdbTxn> txn = directory_.env->begin_write();
  if (!txn.ok()) return txn.failure();
  auto changed = put_changes(txn.value(), tables, changes);
  if (!changed.ok()) return changed;
  if (note) {
    for (const Table table : note->emptied) {
      auto emptied = txn.value().clear(tables.by_table.at(static_cast<std::size_t>(table)));
      if (!emptied.ok()) return emptied;
    }
    auto noted = txn.value().put(tables.marker, kReachKey, note->reach);
    if (!noted.ok()) return noted;
  }
  const std::uint64_t commit = txn.value().commit_number();
  auto committed = commit_here(txn.value());
  if (!committed.ok() || !note) return committed;
  std::ranges::for_each(note->emptied, [&](Table each) { values_.forget(each, commit); });
  return committed;
}

Result<void> LmdbStorage::note_segment(std::string_view name) {
  if (auto may = may_write(); !may.ok()) return may;
  const auto note = [&]() -> Result<void> {
    Result<LmdbTxn> txn = directory_.env->begin_write();
    if (!txn.ok()) return txn.failure();
    auto noted = txn.value().put(directory_.tables.marker, kSegmentKey, name);
    return noted.ok() ? commit_here(txn.value()) : noted;
  };
  auto noted = keep_room_for({});
  if (noted.ok()) noted = note();
  return noted.ok() ? noted : refuse_or_close(noted.failure());
}

Result<std::string> LmdbStorage::marked(std::string_view key) const {
  const LmdbReaders::Lease reading = lease();
  const auto found = reading.txn().get(directory_.tables.marker, key);
  if (!found.ok()) return found.failure();
  return std::string(found.value().value_or(std::string_view()));
}

Result<void> LmdbStorage::append(std::span<const StoredRecord> records) {
  if (auto may = may_write(); !may.ok()) return may;
  if (records.empty()) return {};
  ANABRANCH_ASSERT(records.front().position > last_.load());
  const Result<void> written = write(records);
  if (!written.ok()) return refuse_or_close(written.failure());
  last_ = records.back().position;
  return {};
}

Result<void> LmdbStorage::write(std::span<const StoredRecord> records) {
  Result<LmdbTxn> txn = directory_.env->begin_write();
  if (!txn.ok()) return txn.failure();
  auto recorded = append_to_log(txn.value(), directory_.tables, records);
  return recorded.ok() ? commit_here(txn.value()) : recorded;
}

// Looks at the place within the transaction, so that nothing follows into data that another process
// has opened meanwhile. Files that are lost during the commit are lost with all that was
// acknowledged before.
Result<void> LmdbStorage::commit_here(LmdbTxn& txn) {
  if (auto there = find_place(); !there.ok()) return there;
  return txn.commit();
}

Result<void> LmdbStorage::look_at_place() const {
  const auto there = find_place();
  return there.ok() ? there : in_directory(there.failure());
}

Result<void> LmdbStorage::find_place() const {
  auto there = storage::check_place(data_file_, directory_.place);
  if (!there.ok()) return there;
  if (!directory_.lock.is_there()) {
    return Failure{
        ErrorCode::kIo,
        "its file \"" + std::string(DirectoryLock::kFile) +
            "\", which keeps other processes out, was removed while it was open: restart"};
  }
  return {};
}

Result<void> LmdbStorage::check_fits(std::uint64_t bytes) const {
  const auto fits = check_map(options_, *directory_.env, bytes);
  return fits.ok() ? fits : in_directory(fits.failure());
}

std::optional<StoredRecord> LmdbStorage::read_log(Position position) const {
  const LmdbReaders::Lease reading = lease();
  return readable(read_from_log(reading.txn(), directory_.tables, position));
}

std::optional<Position> LmdbStorage::find(core::Origin origin, core::Seq seq) const {
  const LmdbReaders::Lease reading = lease();
  return readable(find_in_log(reading.txn(), directory_.tables, origin, seq));
}

Result<void> LmdbStorage::go_on_behind(Position position) {
  if (auto may = may_write(); !may.ok()) return may;
  if (position <= last_.load()) return {};
  const Result<void> marked = mark_trimmed(position);
  if (!marked.ok()) return refuse_or_close(marked.failure());
  last_ = position;
  return {};
}

Result<void> LmdbStorage::mark_trimmed(Position position) {
  Result<LmdbTxn> txn = directory_.env->begin_write();
  if (!txn.ok()) return txn.failure();
  const auto put = txn.value().put(directory_.tables.marker, kTrimmedKey, big_endian(position));
  return put.ok() ? txn.value().commit() : put;
}

Result<void> LmdbStorage::trim(Position position) {
  if (auto may = may_write(); !may.ok()) return may;
  for (;;) {
    const Result<bool> more = trim_some(position);
    if (!more.ok()) return refuse_or_close(more.failure());
    if (!more.value()) return {};
  }
}

// Runs one transaction of trimming; returns true when there may be more to trim.
Result<bool> LmdbStorage::trim_some(Position position) {
  constexpr std::size_t kSliceMax = 1000;
  Result<LmdbTxn> txn = directory_.env->begin_write();
  if (!txn.ok()) return txn.failure();
  const auto trimmed = trim_log(txn.value(), directory_.tables, position, kSliceMax);
  if (!trimmed.ok()) return trimmed.failure();
  if (trimmed.value() == 0) return false;
  const auto marked =
      txn.value().put(directory_.tables.marker, kTrimmedKey, big_endian(last_.load()));
  if (!marked.ok()) return marked.failure();
  if (const auto done = txn.value().commit(); !done.ok()) return done.failure();
  return trimmed.value() == kSliceMax;
}

Room LmdbStorage::room(std::uint64_t enough) const {
  struct statvfs disk {};
  const Result<LmdbSize> size = directory_.env->size();
  // An unknown size is no reason to refuse writes.
  if (::statvfs(options_.directory.c_str(), &disk) != 0 || !size.ok()) return {};
  const std::uint64_t map_left =
      options_.map_bytes - std::min(options_.map_bytes, size.value().used_bytes);
  const DiskRoom left = room_of(disk);
  Room room{.outside = std::min(left.bytes, map_left),
            .lacks_inodes = left.lacks_inodes && left.bytes < map_left};
  if (room.outside >= enough) return room;
  const Result<LmdbTxn> txn = directory_.env->begin_read();
  if (!txn.ok()) return room;
  const Result<std::size_t> pages = txn.value().free_pages();
  if (pages.ok()) room.inside = pages.value() * size.value().page_bytes;
  return room;
}

Result<void> LmdbStorage::may_write() const {
  ANABRANCH_ASSERT(opened_ && !options_.look);
  assert_not_forked();
  if (closed_by_.empty()) return {};
  return Failure{ErrorCode::kClosed,
                 "data directory " + options_.directory + " is closed for writes: " + closed_by_};
}

Failure LmdbStorage::refuse_or_close(const Failure& failure) {
  return failure.passes ? in_directory(failure) : close_for_writes(failure);
}

Failure LmdbStorage::close_for_writes(Failure failure) {
  failure.passes = false;
  closed_by_ = failure.message;
  freeze();
  return in_directory(failure);
}

// A failed write of LMDB's meta page makes it refuse to begin even reads. The last committed state
// is untouched in the file, so the file is opened a second time, without locks: no process writes
// any more.
void LmdbStorage::freeze() {
  const Result<LmdbTxn> read = directory_.env->begin_read();
  if (read.ok() || read.failure().code != ErrorCode::kClosed) return;
  std::unique_ptr<LmdbEnv> env = readable(open_frozen(options_));
  // The same tables in the same order have the same handles.
  const LmdbTables tables = readable(open_tables(*env));
  ANABRANCH_ASSERT(tables.by_table == directory_.tables.by_table);
  ANABRANCH_ASSERT(tables.log == directory_.tables.log);
  ANABRANCH_ASSERT(tables.log_index == directory_.tables.log_index);
  frozen_ = std::make_unique<Frozen>(std::move(env), options_);
  readers_.store(&frozen_->readers);
}

Result<Position> find_last(const LmdbEnv& env, const LmdbTables& tables) {
  const Result<LmdbTxn> txn = env.begin_read();
  return txn.ok() ? last_in_log(txn.value(), tables) : txn.failure();
}

}  // namespace

Result<std::unique_ptr<StorageBelow>> open_lmdb_storage(const LmdbOptions& options) {
  ANABRANCH_ASSERT(options.readers_max > 0 && options.map_bytes > 0);
  Result<LmdbDirectory> opened = open_directory(options);
  if (!opened.ok()) return opened.failure();
  LmdbDirectory directory = std::move(opened).value();
  const auto fail = [&](const Failure& failure) {
    return Failure{failure.code, "data directory " + options.directory + ": " + failure.message};
  };
  if (const auto fits = check_map(options, *directory.env); !fits.ok()) return fail(fits.failure());
  const Result<Position> last = find_last(*directory.env, directory.tables);
  if (!last.ok()) return fail(last.failure());
  LmdbOptions lasting = options;  // Independent of the working directory, which may change later.
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(options.directory, error);
  if (!error) lasting.directory = absolute.string();
  return std::unique_ptr<StorageBelow>(
      std::make_unique<LmdbStorage>(std::move(lasting), std::move(directory), last.value()));
}

}  // namespace anabranch::storage
