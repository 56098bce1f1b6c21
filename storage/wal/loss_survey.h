// Finds out what is missing behind the end of a damaged log: how many batches, and of which origins
// the last ones are; and whether merged tables were swapped in there. Changes nothing.
//
// A record behind the damage counts where the one before it, which counts, ends where it begins;
// and the first one behind a hole where another record, or a segment, begins at its end: a value of
// a client may have the bytes of a record, but no record behind them. One that nothing follows
// proves nothing, and neither that it was the last.
//
// A swap of tables is a record without batches, and an earlier record has begun the next tables. So
// one that cannot be read may be a swap where next tables have begun.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/result.h"
#include "storage/log_loss.h"
#include "storage/wal/log_end.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

class LossSurvey {
 public:
  // The segments must outlive this; `end` is where the log ends, `base` what the tables have.
  LossSurvey(const std::vector<Segment>& segments, const LogEnd& end, const WalBase& base);
  // Returns the loss, but for its files.
  core::Result<LogLoss> run();

 private:
  // A segment begins behind all that is known: what lies between is missing.
  void enter(const Segment& segment);
  core::Result<void> walk(std::size_t segment);
  // Returns whether the record found at a place counts.
  core::Result<bool> counts(SegmentScan& scan, std::size_t segment, const RecordHeader& header);
  // The record at the place is the next one, and its body is wrong. Batches in it that are whole by
  // their own checksum count as known.
  void miss(const RecordHeader& header, std::string_view body);
  void take(const RecordHeader& header, std::string_view body);
  void take(const LogRecord& batch);
  void look_for_swap(std::string_view changes);
  // Bytes of the stream cannot be read; a record without any change needs no more than its header.
  void pass_unread(std::uint64_t bytes);

  const std::vector<Segment>& segments_;
  const LogEnd& end_;
  std::uint64_t begin_ = 0;  // What lies before is in the log, or in the tables.
  LogLoss loss_;
  std::map<core::Origin, LogLoss::Found> found_;
  std::uint64_t end_place_ = 0;  // All before it is known, or known to be missing.
  Position expected_ = 0;        // Of the next batch.
  bool has_next_ = false;        // Next tables have begun, and were not swapped in.
};

}  // namespace anabranch::storage
