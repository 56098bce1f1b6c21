// When the engine writes to its tables although little waits in memory: so that a commit does not
// lie in the log alone for weeks, where one bad bit would take it and all behind it.
//
// Commits with batches count as written data: they are flushed when none has come for a while, or
// when the oldest has waited for long. What comes without batches, as reports and words of clocks,
// comes all the time, and waits for a day. Time is that of a caller: the same calls give the same
// answers. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/storage.h"
#include "storage/wal/ticket.h"

namespace anabranch::storage {

class IdleFlush {
 public:
  // In milliseconds.
  static constexpr std::int64_t kRestMs = 30'000;   // Without a batch.
  static constexpr std::int64_t kWaitMs = 600'000;  // Of the oldest batch.
  static constexpr std::int64_t kDayMs =
      std::int64_t{24} * 3'600 * 1'000;                        // Of what has no batches.
  static constexpr std::int64_t kPauseMs = 600'000;            // Between two such flushes.
  static constexpr std::int64_t kPauseOfReaderMs = 3'600'000;  // The same while one reads.

  // The log, up to its end and up to where the last flush has begun.
  struct Log {
    Ticket end;
    Ticket flushed;
    Position batches = 0;
    Position flushed_batches = 0;
  };

  // Looks at the log. Returns whether a flush should begin. `read`: somebody reads a state from
  // before the last flush, so that the tables would grow by all that is written.
  bool due(std::int64_t now_ms, const Log& log, bool read);
  // Tells that one has begun.
  void begun(std::int64_t now_ms) { begun_ms_ = now_ms; }

 private:
  using Time = std::optional<std::int64_t>;

  void look(std::int64_t now_ms, const Log& log);
  [[nodiscard]] bool has_waited(std::int64_t now_ms, const Log& log) const;

  std::optional<Ticket> flushed_;  // As of the last look, as all of these:
  Position batches_ = 0;
  Time flushed_ms_;  // When another flush was seen to have begun.
  Time newest_ms_;   // When the newest batch was seen first...
  Time oldest_ms_;   // ...and the oldest one that is not flushed...
  Time first_ms_;    // ...and anything that is not.
  Time begun_ms_;    // Of the last flush here.
};

}  // namespace anabranch::storage
