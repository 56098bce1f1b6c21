// The interface of storage: a log of records and tables of rows, changed together in one atomic
// commit. Storage maps keys to bytes and does not interpret them.
//
// One writer at a time calls commit(), trim() and open(); any number of threads read through
// snapshots of their own. A reader sees one consistent state and never waits for the writer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "core/result.h"
#include "storage/changes.h"
#include "storage/layout.h"
#include "storage/log_loss.h"
#include "storage/place.h"

namespace anabranch::storage {

// Numbers the records of the log in order, from 1, with holes (log_hole.h); 0 is before the first.
using Position = std::uint64_t;

// One record of the log: a batch of `origin` with the ops first to last, as the bytes that travel.
struct LogRecord {
  core::Origin origin = 0;
  core::Seq first = 0;
  core::Seq last = 0;
  std::string_view bytes;
};

// A record read from the log. It owns its bytes and holds no snapshot.
struct StoredRecord {
  Position position = 0;
  core::Origin origin = 0;
  core::Seq first = 0;
  core::Seq last = 0;
  std::string bytes;
};

// Walks over the keys of one table in order. Views are valid until the next call or the end of the
// snapshot. Used by the thread that uses the snapshot, and not beyond its life.
class Cursor {
 public:
  virtual ~Cursor() = default;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  // Moves on in the cursor's direction.
  virtual void next() = 0;
};

enum class Direction { kForward, kBackward };

// The keys of a walk: from `from` on and before `to`, an empty `to` being the end of the table.
// A backward walk begins at the last of them. Views: the one at which a walk ends must stay valid
// as long as its cursor.
struct KeyRange {
  std::string_view from = {};
  std::string_view to = {};
  Direction direction = Direction::kForward;

  // Returns whether a walk that has come to a key has left the range.
  [[nodiscard]] bool is_left_at(std::string_view key) const {
    return direction == Direction::kForward ? !to.empty() && key >= to : key < from;
  }
};

// One consistent state of all tables. For one thread at a time, any thread. Keep it short: a
// snapshot keeps old pages alive. It must end before its storage does.
//
// A page that cannot be read stops the process: taken for an absent row, it would spread to the
// other regions. A value whose checksum is wrong (sealed_values.h) is an Error{kCorrupt}, thrown by
// get() and by Cursor::value().
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // Returns the value at `key`, valid as long as the snapshot; nullopt when absent.
  [[nodiscard]] virtual std::optional<std::string_view> get(Table table,
                                                            std::string_view key) const = 0;
  // Walks over the keys of a range. Name the range that is looked at, not a greater one: behind it
  // an engine may have to pass keys that were removed lately, one by one.
  [[nodiscard]] virtual std::unique_ptr<Cursor> scan(Table table, const KeyRange& range) const = 0;
  // Returns the first key of a table from `from` on and before `to` (empty: the end of the table),
  // valid as long as the snapshot; empty when there is none. For a look at which keys there may be,
  // with no walk from there: an engine may return a key that was removed lately.
  [[nodiscard]] virtual std::string_view first_key(Table table, std::string_view from,
                                                   std::string_view to) const {
    const auto cursor = scan(table, {.from = from, .to = to});
    return cursor->valid() ? cursor->key() : std::string_view();
  }
  // Returns the number of keys of a table. An engine, of which the newest changes are not in its
  // tables yet, counts up to kSizeCounted of them; beyond that it returns at least as many, and at
  // least as its tables on disk have.
  static constexpr std::uint64_t kSizeCounted = 10'000;
  [[nodiscard]] virtual std::uint64_t size(Table table) const = 0;
};

// A scratch file: bytes appended and read at offsets, on disk and not in memory. Never synced, and
// removed when it is destroyed or the process ends. Not thread-safe. It must end before its storage
// does. A failure (a full disk) affects no other data.
class Spool {
 public:
  virtual ~Spool() = default;
  virtual core::Result<void> append(std::string_view bytes) = 0;
  // Returns `size` bytes at `offset`, or fewer at the end.
  [[nodiscard]] virtual core::Result<std::string> read(std::uint64_t offset,
                                                       std::size_t size) const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

// How much more can be stored, in bytes and about.
struct Room {
  std::uint64_t outside = std::uint64_t{1} << 62U;  // Growth left to the storage.
  std::uint64_t inside = 0;                         // Free and reusable inside the storage.
  bool lacks_inodes = false;  // `outside` is that small since the disk takes few more files.
};

// States of the tables, by numbers that grow: the newest one, and the oldest that somebody reads.
struct ReadStates {
  std::uint64_t newest = 0;
  std::uint64_t oldest = 0;
};

// The figures of an engine.
struct EngineFigures {
  std::uint64_t log_bytes = 0;       // Of the files of its log.
  std::uint64_t waiting_bytes = 0;   // In memory: changes that its tables lack, or lacked lately.
  std::uint64_t flushes = 0;         // Written to the tables since the opening.
  bool flushing = false;             // Memory is being written to them.
  std::uint64_t redo_bytes = 0;      // Of the log: what the next opening applies again.
  std::uint64_t unsynced_bytes = 0;  // Of the log: commits that a loss of power would take.
  // A sentence for each damaged value that was met since the opening, of the first twenty.
  std::vector<std::string> damaged = {};
  bool damaged_rows = false;  // One of them is of the rows, or of a table derived from them.
  // A sentence for each damage of the log that the opening has met and that loses nothing, until
  // that part of the log is trimmed.
  std::vector<std::string> log_damage = {};
};

class Storage {
 public:
  virtual ~Storage() = default;

  // Makes the storage ready: must be called once, before any other function. Tables and log are
  // those of one commit then, whatever was lost.
  virtual core::Result<void> open() = 0;

  // Returns a snapshot of the newest committed state.
  [[nodiscard]] virtual std::unique_ptr<Snapshot> snapshot() const = 0;

  // Gets all that the next commit or swap needs from the system besides writes and syncs, for so
  // many bytes of records and changes, about, and so many records. A failure that may pass
  // (Failure::passes) has changed nothing: the call may be made again at any time. After any other
  // one the storage is closed for writes. For owners with a state that goes on before the commit,
  // and cannot go back; a commit without this makes itself ready, and fails as this does.
  virtual core::Result<void> make_ready(std::uint64_t /*bytes*/, std::uint64_t /*records*/) {
    return {};
  }

  // Whether a commit of so many bytes and records, or make_ready() for it, waits for the disk
  // however little it is synced: the storage begins a file for it. For the thread that commits.
  [[nodiscard]] virtual bool begins_file(std::uint64_t /*bytes*/, std::uint64_t /*records*/) const {
    return false;
  }

  // Appends the records and makes the changes, all or nothing; returns the position of the last
  // record of the log (unchanged without records). After a failure none of them is visible, and,
  // unless it may pass, every later commit fails too: the storage is closed for writes until it is
  // opened anew.
  virtual core::Result<Position> commit(std::span<const LogRecord> records,
                                        const Changes& changes) = 0;

  // Makes a commit as commit() does, but need not wait for its end: returns true when the commit is
  // under way. Then its caller keeps the arguments, and calls finish_commit() before any other
  // function but snapshot() and those that any thread may call; nothing of the commit is visible in
  // snapshot(), or durable, before that. Where that would gain little, or the storage cannot work
  // beside its caller, the commit is made at once, and false is returned.
  virtual core::Result<bool> begin_commit(std::span<const LogRecord> records,
                                          const Changes& changes) {
    auto done = commit(records, changes);
    return done.ok() ? core::Result<bool>(false) : done.failure();
  }
  // Returns when the commit under way is made. Fails as commit() does.
  virtual core::Result<void> finish_commit() { return {}; }
  // Whether finish_commit() need not wait any more.
  [[nodiscard]] virtual bool commit_is_made() const { return true; }
  // A descriptor that is readable when finish_commit() need not wait any more; -1 when none tells.
  [[nodiscard]] virtual int committed_fd() const { return -1; }

  // Whether the log has the changes of each commit beside its records.
  [[nodiscard]] virtual bool logs_changes() const { return false; }
  // Returns the first record at or after `position`; nullopt at the end of the log.
  [[nodiscard]] virtual std::optional<StoredRecord> read_log(Position position) const = 0;
  // Returns the position of the first record of `origin` whose last seq is at least `seq`; nullopt
  // when the log has none (trimmed, or not yet written).
  [[nodiscard]] virtual std::optional<Position> find(core::Origin origin, core::Seq seq) const = 0;
  // Removes all records before `position`.
  virtual core::Result<void> trim(Position position) = 0;

  // Makes the changes, and the next tables the current ones, all or nothing; the next tables are
  // empty afterwards. Durable when it returns. Earlier snapshots keep their tables. Fails as
  // commit() does.
  virtual core::Result<void> swap(const Changes& changes) = 0;
  // Empties the next tables, in a time that hardly depends on their size. Opening does so too: next
  // tables not swapped in are lost in a crash. Fails as commit() does.
  virtual core::Result<void> clear_next() = 0;
  // Returns a new scratch file beside the data; fails with kIo when there is no room for one.
  virtual core::Result<std::unique_ptr<Spool>> make_spool() = 0;
  // Returns the place of the data, and the state in which the previous opening left them. An
  // earlier failed commit is reported until the owner's identity is committed in this opening, or
  // anything where none was stored.
  [[nodiscard]] virtual Place place() const = 0;

  // Returns the losses that this opening, and earlier ones that did not come so far, found in the
  // log; until the same commit, which must take them over.
  [[nodiscard]] virtual std::vector<LogLoss> losses() const { return {}; }

  // Removes the files that openings have set aside, with lost batches.
  virtual core::Result<void> remove_set_aside() { return {}; }

  // Checks that the data are still where they were opened, and not removed or replaced by another
  // process, so that writes here would be lost. Each commit checks, too. Also tries trims again
  // that a passing cause has hindered. Fails as make_ready() does.
  virtual core::Result<void> check_place() { return {}; }

  // Returns the free room; `inside` is counted only when less than `enough` is free outside. A
  // storage without a limit returns the default. Any thread.
  [[nodiscard]] virtual Room room(std::uint64_t /*enough*/) const { return {}; }

  // Returns when all that was committed before the call survives a loss of power. Any thread. Fails
  // with kIo; the storage is closed for writes then. A storage whose commits are durable at once
  // has nothing to do.
  virtual core::Result<void> sync_all() { return {}; }

  // Tells the time, in ms of a clock that never goes back: for an owner to call now and then
  // between commits, while there is room for more than there is. A storage that has written nothing
  // for a while, or has waited for long, begins to write the rest of its log to its tables, too.
  // Returns at once.
  virtual void flush_if_idle(std::int64_t /*now_ms*/) {}

  // Ends the opening well: nothing can be committed any more, reads go on, and a kill costs nothing
  // from here on. Then writes the rest of the log to the tables, too, for so long at most, and
  // not at all where the disk has no room; returns whether they have all. Fails when the storage
  // is closed for writes already, or becomes so by it; what was committed is kept in any case. A
  // storage whose commits are in its tables at once has nothing to do.
  virtual core::Result<bool> close(std::chrono::milliseconds /*flush_max*/) { return true; }

  // Has close() give its flush up soon once the flag is set, by any thread or in the handler of a
  // signal, as if its time were over. The flag must outlive the storage. For the thread that
  // commits.
  virtual void end_flush_when(const std::atomic<bool>& /*given_up*/) {}

  // Begins to give back the room of what was removed, where that takes time: for an owner that has
  // too little room. Returns at once.
  virtual void make_room() {}

  // Returns the figures of the engine; nullopt without one. Any thread.
  [[nodiscard]] virtual std::optional<EngineFigures> engine() const { return std::nullopt; }
  // Of an engine; others do not tell.
  [[nodiscard]] virtual ReadStates read_states() const { return {}; }

  // Return the position of the last record of the log, and of the last one that survives a power
  // loss.
  [[nodiscard]] virtual Position last_position() const = 0;
  [[nodiscard]] virtual Position durable_position() const = 0;
};

}  // namespace anabranch::storage
