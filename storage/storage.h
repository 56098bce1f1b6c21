// The interface of storage: a log of records and tables of rows, changed together in one atomic
// commit. Storage keeps bytes at keys; it never knows what is in them.
//
// One writer at a time calls commit(), trim() and open(); any number of threads read through
// snapshots of their own. A reader sees one consistent state and never waits for the writer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/dot.h"
#include "core/result.h"
#include "storage/layout.h"
#include "storage/place.h"

namespace anabranch::storage {

// Counts the records of the log, from 1; 0 is before the first.
using Position = std::uint64_t;

// One record of the log: a batch of `origin` with the ops first to last, as the bytes that travel.
struct LogRecord {
  core::Origin origin = 0;
  core::Seq first = 0;
  core::Seq last = 0;
  std::string_view bytes;
};

// A record as it was read back. The bytes are owned: no snapshot is held.
struct StoredRecord {
  Position position = 0;
  core::Origin origin = 0;
  core::Seq first = 0;
  core::Seq last = 0;
  std::string bytes;
};

// One change of a table: sets the key to the value, or removes it when there is none. Removing a
// key that is not there changes nothing. A key occurs at most once in a commit.
struct Change {
  Table table = Table::kRows;
  std::string key;
  std::optional<std::string> value;
};

// Walks over the keys of one table in order. Views are valid until the next call or the end of the
// snapshot. Used by the thread that uses the snapshot, and not beyond its life.
class Cursor {
 public:
  virtual ~Cursor() = default;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  // Goes on in the cursor's direction.
  virtual void next() = 0;
};

enum class Direction { kForward, kBackward };

// One consistent state of all tables. Any thread may use it, one at a time. Keep it short: a
// snapshot keeps old pages alive. It must end before its storage does.
//
// A page that cannot be read stops the process: taken for absence, it would spread to the others.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The value at `key`, valid as long as the snapshot; nothing when absent.
  [[nodiscard]] virtual std::optional<std::string_view> get(Table table,
                                                            std::string_view key) const = 0;
  // Forward: from the first key at or after `from`. Backward: from the last key before `from`, an
  // empty `from` meaning the end of the table.
  [[nodiscard]] virtual std::unique_ptr<Cursor> scan(Table table, std::string_view from,
                                                     Direction direction) const = 0;
  // How many keys a table has.
  [[nodiscard]] virtual std::uint64_t size(Table table) const = 0;
};

// A scratch file: bytes that are appended and read at offsets, on disk and not in memory. Never
// synced, and gone when it is destroyed or the process ends. Not thread-safe. It must end before
// its storage does. A failure (a full disk) harms nothing else.
class Spool {
 public:
  virtual ~Spool() = default;
  virtual core::Result<void> append(std::string_view bytes) = 0;
  // The bytes at `offset`: `size` of them, or fewer at the end.
  [[nodiscard]] virtual core::Result<std::string> read(std::uint64_t offset,
                                                       std::size_t size) const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

// How much more can be stored, in bytes and about.
struct Room {
  std::uint64_t outside = std::uint64_t{1} << 62U;  // What the storage may still grow by.
  std::uint64_t inside = 0;                         // What is free inside, to be written anew.
};

class Storage {
 public:
  // Called for every record that recovery has to apply again, in order.
  using Apply = std::function<core::Result<void>(const StoredRecord&)>;

  virtual ~Storage() = default;

  // Makes the storage ready: must be called once, before anything else. Recovery hands the records
  // that are in the log but not yet in the tables to `apply`, which commits as usual.
  virtual core::Result<void> open(const Apply& apply) = 0;

  // The newest committed state.
  [[nodiscard]] virtual std::unique_ptr<Snapshot> snapshot() const = 0;

  // Appends the records and makes the changes, all or nothing, and gives the position of the last
  // record of the log (unchanged without records). After a failure nothing of it is visible, and
  // every later commit fails too: the storage is closed for writes until it is opened anew.
  virtual core::Result<Position> commit(std::span<const LogRecord> records,
                                        std::span<const Change> changes) = 0;

  // The first record at or after `position`; nothing at the end of the log.
  [[nodiscard]] virtual std::optional<StoredRecord> read_log(Position position) const = 0;
  // The position of the first record of `origin` whose last seq is at least `seq`; nothing when
  // the log has none (trimmed, or not yet written).
  [[nodiscard]] virtual std::optional<Position> find(core::Origin origin, core::Seq seq) const = 0;
  // Forgets all records before `position`.
  virtual core::Result<void> trim(Position position) = 0;

  // Makes the changes, and the next tables the current ones, all or nothing; the next tables are
  // empty afterwards. Durable when it returns. Snapshots from before keep the tables they have.
  // Fails as commit() does.
  virtual core::Result<void> swap(std::span<const Change> changes) = 0;
  // Empties the next tables, in a time that hardly depends on their size. Opening does so too: what
  // was not swapped in is nothing after a crash. Fails as commit() does.
  virtual core::Result<void> clear_next() = 0;
  // A new scratch file beside the data; fails with kIo when there is no room for one.
  virtual core::Result<std::unique_ptr<Spool>> make_spool() = 0;
  // Where the data lie, and how the opening before this one left them. A failed commit before is
  // told of until the first commit of this opening has succeeded.
  [[nodiscard]] virtual Place place() const = 0;

  // Whether the data are still where they were opened, and not removed or replaced by others, who
  // do not see what is written here. Each commit asks, too. Fails as commit() does.
  virtual core::Result<void> check_place() { return {}; }

  // What is free inside is counted only when less than `enough` is free outside. A storage that
  // knows no limit has room.
  [[nodiscard]] virtual Room room(std::uint64_t /*enough*/) const { return {}; }

  // The last record of the log, and the last one that survives power loss.
  [[nodiscard]] virtual Position last_position() const = 0;
  [[nodiscard]] virtual Position durable_position() const = 0;
};

}  // namespace anabranch::storage
