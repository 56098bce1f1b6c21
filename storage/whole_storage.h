// A storage whose tables and log can be read as one state, and be written anew as they were: for
// backups.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::storage {

// One consistent state of all tables and of the log.
class WholeSnapshot : public Snapshot {
 public:
  // Returns the first record at or after `position`; nullopt at the end of the log.
  [[nodiscard]] virtual std::optional<StoredRecord> read_log(Position position) const = 0;
  // Returns the position of the last record of the log, also when it is trimmed.
  [[nodiscard]] virtual Position last_position() const = 0;
};

class WholeStorage : public Storage {
 public:
  // As snapshot(), with the log of that state.
  [[nodiscard]] virtual std::unique_ptr<WholeSnapshot> whole_snapshot() const = 0;
  // Gives the next record the position after `position`. Only for a storage whose log has never had
  // a record. Fails as commit() does.
  virtual core::Result<void> begin_log_after(Position position) = 0;

  // For an engine that keeps a log of its own above these tables: makes changes as commit() does,
  // and notes with them how far that log is in the tables now, in bytes of its own.
  virtual core::Result<void> commit_reach(std::span<const Change> changes,
                                          std::string_view reach) = 0;
  // Returns what was noted last; empty when nothing was.
  [[nodiscard]] virtual core::Result<std::string> reach() const = 0;
};

}  // namespace anabranch::storage
