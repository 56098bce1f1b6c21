// The log of batches of the engine: the write-ahead log, and before it the log that the base has of
// its own, from before the engine or from a backup. Segments are removed as wholes; what lies
// before the trimmed position in one is passed over.
//
// One thread trims; any thread may call all other functions.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/result.h"
#include "storage/tables_below.h"
#include "storage/wal/ticket.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_reader.h"

namespace anabranch::storage {

class EngineLog {
 public:
  // Both must outlive this. `trimmed`: batches before this position count as removed.
  EngineLog(const StorageBelow& base, Wal& wal, Position trimmed);

  // As those of Storage.
  [[nodiscard]] std::optional<StoredRecord> read(Position position) const;
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const;
  struct Trimmed {
    Position log = 0;   // Batches before it count as removed.
    Position base = 0;  // Those of the base may go up to here; the others are held.
    bool operator==(const Trimmed&) const = default;
  };
  // Removes the batches before a position from the write-ahead log, but what the tables on disk
  // have not got, behind `floor`, and what is held.
  core::Result<Trimmed> trim(Position position, Ticket floor);

  // Keeps what is not trimmed now, also from trimming, while it is held; it must end before the log
  // does. read() gives it the records from its begin on.
  class Held {
   public:
    Held(const EngineLog& log, Position begin) : log_(log), begin_(begin) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { log_.let_go(begin_); }
    [[nodiscard]] std::optional<StoredRecord> read(Position position) const {
      return log_.read_from(std::max(position, begin_));
    }

   private:
    const EngineLog& log_;
    const Position begin_;
  };
  [[nodiscard]] std::unique_ptr<Held> hold() const;

 private:
  // Of readers that go on where others stopped, so many are kept.
  static constexpr std::size_t kReadersKept = 8;
  struct Reader {
    Position next;
    WalReader reader;
  };

  [[nodiscard]] std::optional<StoredRecord> read_from(Position position) const;
  [[nodiscard]] std::optional<StoredRecord> read_wal(Position position) const;
  // Returns a reader that begins at a position: a kept one if there is one.
  [[nodiscard]] Reader take_reader(Position position) const;
  void let_go(Position begin) const;

  const StorageBelow& base_;
  Wal& wal_;
  mutable std::mutex mutex_;
  Position trimmed_;  // No batch before this one is left.
  mutable std::multiset<Position> held_;
  mutable std::vector<Reader> readers_;  // The one used last at the end.
};

}  // namespace anabranch::storage
