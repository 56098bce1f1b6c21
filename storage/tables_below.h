// The storage below an engine: it has the tables as they were some time ago, and notes how far the
// engine's own log is in them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

class TablesBelow {
 public:
  virtual ~TablesBelow() = default;
  // Returns a snapshot of all changes so far. Any thread; it must end before the tables do.
  [[nodiscard]] virtual std::unique_ptr<Snapshot> tables() const = 0;
  // Makes the changes, all or nothing; they are on the disk when it returns. With a reach, notes it
  // with them: how far the engine's log is in the tables now, in bytes of its own. One thread at a
  // time. After a failure every later call fails, too.
  virtual core::Result<void> apply(std::span<const Change> changes,
                                   std::optional<std::string_view> reach) = 0;
  // Returns the reach that was noted last; empty when none was.
  [[nodiscard]] virtual core::Result<std::string> reach() const = 0;
};

// Tables with a storage of their own around them: its log from before the engine, its place.
class StorageBelow : public WholeStorage, public TablesBelow {
 public:
  // Returns whether the tables belong to an engine, which alone may open them.
  [[nodiscard]] virtual bool has_engine() const { return true; }
  // As check_place(), but changes nothing: any thread may ask.
  [[nodiscard]] virtual core::Result<void> look_at_place() const { return {}; }
};

}  // namespace anabranch::storage
