// The part below an engine: the tables as they were some time ago, with a note of how far the
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
#include "storage/storage.h"

namespace anabranch::storage {

// Done together with changes.
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
  // Notes the name of the newest segment of the engine's log, in place of the one before. On the
  // disk when it returns. Fails as apply() does.
  virtual core::Result<void> note_segment(std::string_view name) = 0;
  // Returns the name that was noted last; empty when none was.
  [[nodiscard]] virtual core::Result<std::string> noted_segment() const = 0;
};

// Tables, and the rest of their directory: a place, and a log of its own, from before the
// engine or from a backup. The engine goes on behind that log, and removes it in time.
class StorageBelow : public TablesBelow {
 public:
  // Makes the tables ready: must be called once, before any other function. Returns the generation
  // that is current as long as no reach was noted.
  virtual core::Result<Generation> open_below() = 0;

  // As those of Storage, of the log here.
  [[nodiscard]] virtual std::optional<StoredRecord> read_log(Position position) const = 0;
  [[nodiscard]] virtual std::optional<Position> find(core::Origin origin, core::Seq seq) const = 0;
  [[nodiscard]] virtual Position last_position() const = 0;
  virtual core::Result<void> trim(Position position) = 0;
  // For a restoration, before an engine has opened the tables: append records at their positions,
  // each greater than all before; and have the log go on behind a position, unless it is that far
  // already. They are on the disk when these return. Fail as apply() does.
  virtual core::Result<void> append(std::span<const StoredRecord> records) = 0;
  virtual core::Result<void> go_on_behind(Position position) = 0;

  // As those of Storage.
  virtual core::Result<std::unique_ptr<Spool>> make_spool() = 0;
  [[nodiscard]] virtual Place place() const = 0;
  // From now on no opening is told of a commit that had failed before (Place::failed): the first
  // one since has succeeded.
  virtual void forget_failure() = 0;
  [[nodiscard]] virtual Room room(std::uint64_t enough) const = 0;
  // As check_place() of Storage, but changes nothing: any thread may ask.
  [[nodiscard]] virtual core::Result<void> look_at_place() const { return {}; }
  // Returns the damaged values that readers have met, up to a number of them. Any thread.
  [[nodiscard]] virtual std::vector<DamagedValue> damaged() const { return {}; }
  // Fails with kInvalid when so many bytes more would be too much for the address space.
  [[nodiscard]] virtual core::Result<void> check_fits(std::uint64_t /*bytes*/) const { return {}; }
};

}  // namespace anabranch::storage
