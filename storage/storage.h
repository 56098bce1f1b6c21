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

  // The last record of the log, and the last one that survives power loss.
  [[nodiscard]] virtual Position last_position() const = 0;
  [[nodiscard]] virtual Position durable_position() const = 0;
};

}  // namespace anabranch::storage
