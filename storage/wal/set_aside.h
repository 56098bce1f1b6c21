// The records that an opening has lost and kept: those behind the damage in the segments that it
// has set aside. Changes nothing, and reads no other file.
//
// Only proven records count. A value of a client may have the bytes of records, with right sums,
// so bytes that look like a record prove nothing. The beginning of a record is known where a
// segment begins, where the log has ended, and where a record with a known beginning ends, also one
// of which the header alone is sound. Elsewhere, behind a hole, a stretch of records counts from
// the first record on of which a batch is the `previous` of the next batch of its origin, in a
// later record of the stretch; or whole, where it ends with the segment. Two stretches that
// contradict each other both prove nothing, unless the beginning of one is known. All that is sound
// and proves nothing is listed as such.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/result.h"
#include "storage/log_loss.h"
#include "storage/wal/files.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

// The segments of a loss, in the order of the log; those that an opening had replaced before, and
// those that are gone, are left out.
struct SetAside {
  std::vector<Segment> segments;
  // Fails when the disk does.
  static core::Result<SetAside> open(Files& files, const LogLoss& loss);
};

// Records of one segment, one behind the other.
struct Stretch {
  std::size_t segment = 0;
  std::uint64_t begin = 0;  // Places of the stream.
  std::uint64_t end = 0;
  bool proven = false;
};

// Finds the stretches, in steps. Not thread-safe.
class StretchSearch {
 public:
  // The segments must outlive this.
  StretchSearch(const std::vector<Segment>& segments, const LogLoss& loss);
  // Looks at the next record, or for it. Returns whether there may be more. Fails when the disk
  // does.
  core::Result<bool> step();
  // Those found; of use at the end alone.
  [[nodiscard]] const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  // A batch, as the next or the last one of its origin.
  struct Link {
    core::Seq seq = 0;         // Of its first op, or of its last one.
    core::ChainHash chain{};   // Before it, or of it.
    std::uint64_t record = 0;  // The place of its record.
  };
  using Links = std::map<core::Origin, Link>;
  // A stretch that is being read.
  struct Run {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Position first = 0;
    Position next = 0;
    bool known = false;                        // Its beginning is.
    std::optional<std::uint64_t> linked = {};  // The first record that a later one proves.
    Links firsts = {};
    Links lasts = {};
  };

  void enter_segment();
  core::Result<void> look();
  core::Result<void> go_on();
  void begin(const FoundRecord& found, bool known);
  // Adds a record to the run; returns false when it cannot be its next one.
  bool join(const FoundRecord& found);
  void end_run();
  void add(std::uint64_t begin, std::uint64_t end, bool proven);
  [[nodiscard]] bool contradicts(const Run& run) const;
  [[nodiscard]] bool ends_with_segment(const Run& run) const;

  const std::vector<Segment>& segments_;
  const std::uint64_t begin_;
  std::size_t at_ = 0;
  std::optional<SegmentScan> scan_;
  std::uint64_t place_ = 0;
  bool known_ = false;     // A record begins at the place, if any does.
  Position expected_ = 0;  // Of the next batch.
  std::optional<Run> run_;
  std::vector<Stretch> stretches_;
  Links last_;                 // Of all that is proven so far.
  std::size_t certain_ = 0;    // The stretches before that no later one can contradict...
  Links certain_last_;         // ...their last batches...
  Position certain_next_ = 0;  // ...and the position behind them.
};

struct SalvagedRecord {
  std::size_t segment = 0;
  RecordHeader header;
  std::string_view body;  // Valid until the next call.
  bool proven = false;
};

// Reads the records of stretches. Not thread-safe.
class StretchReader {
 public:
  // The segments must outlive this.
  StretchReader(const std::vector<Segment>& segments, std::vector<Stretch> stretches)
      : segments_(segments), stretches_(std::move(stretches)) {}
  // Goes to the first record at or behind a place of a segment.
  void seek(std::size_t segment, std::uint64_t place);
  // Returns the next record; nullopt at the end. Fails when the disk does.
  core::Result<std::optional<SalvagedRecord>> next();

 private:
  const std::vector<Segment>& segments_;
  std::vector<Stretch> stretches_;
  std::size_t at_ = 0;
  std::uint64_t place_ = 0;  // 0: the beginning of the stretch.
  std::optional<SegmentScan> scan_;
  std::size_t scanned_ = 0;  // The segment of the scan.
};

}  // namespace anabranch::storage
