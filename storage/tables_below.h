// The storage below an engine: it has the tables as they were some time ago, and notes how far the
// engine's own log is in them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/generations.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

// What is done together with the last one of many changes.
struct ReachNote {
  std::string_view reach;  // How far the engine's log is in the tables now; its own bytes.
  std::span<const Table> emptied = {};  // These lose all their keys.
};

// A value whose checksum is wrong.
struct DamagedValue {
  Table stored;      // Its table.
  std::string what;  // A sentence about it.
};

// All tables are named as they are stored (generations.h); there are kStoredTableCount.
class TablesBelow {
 public:
  virtual ~TablesBelow() = default;
  // Returns a snapshot of all changes so far. Any thread; it must end before the tables do.
  [[nodiscard]] virtual std::unique_ptr<Snapshot> tables() const = 0;
  // Makes the changes, all or nothing; they are on the disk when it returns. Of a key there is one
  // at most; it is quickest in the order of tables and keys. With a note, empties tables that have
  // none of the changes and notes the reach, in a time that hardly depends on their size. One
  // thread at a time. After a failure every later call fails, too.
  virtual core::Result<void> apply(std::span<const ChangeView> changes,
                                   const std::optional<ReachNote>& note) = 0;
  // Returns the reach that was noted last; empty when none was.
  [[nodiscard]] virtual core::Result<std::string> reach() const = 0;
};

// Tables with a storage of their own around them: its log from before the engine, its place. Below
// an engine only TablesBelow reads and changes tables; swap() and clear_next() are not called.
class StorageBelow : public WholeStorage, public TablesBelow {
 public:
  // Takes the place of open() below an engine, and leaves the next tables as they are. Returns the
  // generation that is current as long as no reach was noted. (open() refuses a storage with one:
  // what is newer is not in it.)
  virtual core::Result<Generation> open_below() = 0;
  // Returns whether the tables belong to an engine, which alone may open them.
  [[nodiscard]] virtual bool has_engine() const { return true; }
  // As check_place(), but changes nothing: any thread may ask.
  [[nodiscard]] virtual core::Result<void> look_at_place() const { return {}; }
  // Returns the damaged values that readers have met, up to a number of them. Any thread.
  [[nodiscard]] virtual std::vector<DamagedValue> damaged() const { return {}; }
  // Fails with kInvalid when so many bytes more would be too much for the address space.
  [[nodiscard]] virtual core::Result<void> check_fits(std::uint64_t /*bytes*/) const { return {}; }
};

}  // namespace anabranch::storage
