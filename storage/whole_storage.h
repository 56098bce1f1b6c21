// A storage whose tables and log can be read as one state: for backups.
#pragma once

#include <memory>
#include <optional>

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
};

}  // namespace anabranch::storage
