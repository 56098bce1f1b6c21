// The log, cut into segments: the bytes of log behind each position, and its age. The log is
// forgotten a segment at a time, from its old end.
//
// A log is kept until all regions have it, within limits. Below `bytes_min` it is kept even if all
// have it, so that a short cut never costs a snapshot; above `bytes_max` it goes even if regions
// still lack it; in between it goes when all have it or when it is older than `age_ms_max`. Age
// counts the time that this leader ran: no clock can be wrong about it, and a leader that was off
// for a month does not begin by forgetting. A restart loses what it ran since the running time was
// stored, a quarter of an hour at most (log_keeper.h).
//
// Invariants: 1. segments follow each other without gaps and the last one is open; 2. the segments
// in memory are those in the rows of meta, except for the bytes of the open segment: these are
// counted again at opening. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct LogLimits {
  std::uint64_t bytes_min = std::uint64_t{64} << 20U;
  std::uint64_t bytes_max = std::uint64_t{1} << 30U;
  core::Millis age_ms_max = core::Millis{7} * 24 * 3600 * 1000;
};

class LogSegments {
 public:
  // The overhead of a record, about: keys, header and index.
  static constexpr std::uint64_t kRecordBytes = 64;

  explicit LogSegments(LogLimits limits);

  // Reads the rows of meta, and counts the bytes of the open segment from the log: those of its
  // records alone.
  core::Result<void> load(const storage::Snapshot& snapshot, const storage::Storage& log);

  // Counts records that are about to be committed behind the position `last`, and so many bytes
  // that the storage logs beside them.
  void append(storage::Position last, std::span<const storage::LogRecord> records,
              std::uint64_t beside = 0);
  // Adds `duration` to the running time.
  void pass(core::Millis duration) { running_ms_ += duration; }
  [[nodiscard]] core::Millis running_ms() const { return running_ms_; }
  // Forgets no record at or after `position`, whatever the limits say, until released. Each holder
  // must release: a hold that stays lets the log grow for ever.
  void hold(const std::string& who, storage::Position position) { holds_[who] = position; }
  void release(const std::string& who) { holds_.erase(who); }

  // The first position that must be kept if all regions have the records before `lacked`.
  [[nodiscard]] storage::Position keep_from(storage::Position lacked) const;
  // Tells that all records before `position` are forgotten.
  void trimmed(storage::Position position);

  // The position of the oldest record; the next one to be given when there is none.
  [[nodiscard]] storage::Position first() const { return first_; }
  [[nodiscard]] std::uint64_t bytes() const { return end_bytes_ - bytes_before(first_); }
  // Bytes at and after a position, about.
  [[nodiscard]] std::uint64_t bytes_from(storage::Position position) const;
  // The time that the leader has run since the record at `position` was logged, about; 0 when there
  // is none.
  [[nodiscard]] core::Millis age_ms(storage::Position position) const;

  // Returns the rows of meta that have changed since the last call: to be committed with the
  // counted records.
  [[nodiscard]] storage::Changes take_changes();
  // The row with the running time; worth writing now and then.
  [[nodiscard]] storage::Change running_time() const;

 private:
  struct Segment {
    storage::Position first = 0;
    std::uint64_t bytes_before = 0;  // Of all records ever logged before it.
    core::Millis begun_ms = 0;       // In running time.
  };

  void count(storage::Position position, std::uint64_t bytes);
  core::Result<void> read_row(std::string_view key, std::string_view value);
  // The bytes and the time before a position: positions inside a segment are interpolated.
  struct Place {
    std::uint64_t bytes_before = 0;
    core::Millis logged_ms = 0;
  };
  [[nodiscard]] Place place(storage::Position position) const;
  [[nodiscard]] std::uint64_t bytes_before(storage::Position position) const {
    return place(position).bytes_before;
  }
  [[nodiscard]] bool held(storage::Position position) const;

  LogLimits limits_;
  std::uint64_t segment_bytes_;
  std::deque<Segment> segments_;
  storage::Position first_ = 1;
  storage::Position next_ = 1;   // Behind the last record.
  std::uint64_t end_bytes_ = 0;  // Of all records ever logged.
  core::Millis running_ms_ = 0;  // The total time that this leader has ever run.
  core::Millis logged_ms_ = 0;   // The running time when the last record was logged.
  std::map<std::string, storage::Position> holds_;
  storage::Changes changes_;
};

}  // namespace anabranch::regions
