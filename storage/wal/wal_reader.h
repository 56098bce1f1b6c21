// Reads the batches of the write-ahead log in order, ahead in pieces of 256 KiB.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/result.h"
#include "storage/storage.h"
#include "storage/wal/read_ahead.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

// A batch as it lies in the log, with its position and the place of its commit's record.
struct PlacedBatch {
  Position position = 0;
  LogRecord batch;
  std::uint64_t place = 0;
};

// Sees all that is appended, also what is not on disk yet. Goes on at the first batch left when the
// log is trimmed under it. Not thread-safe; it must end before its log does.
class WalReader {
 public:
  // Begins with a record at a place of the stream, and leaves out the batches before `position`.
  WalReader(const Wal& wal, std::uint64_t place, Position position)
      : wal_(&wal), place_(place), from_(position) {}

  // Returns the next batch, a view valid until the next call; nullopt at the end of the log, where
  // a later call finds what was appended since. Fails with kIo when the disk does.
  //
  // Batches of a damaged record are given as they stand there, as far as they can be told apart:
  // the caller judges them by the checksums that they carry. The others are left out.
  core::Result<std::optional<PlacedBatch>> next();

 private:
  // Reads the record at place_; returns whether there was one.
  core::Result<bool> read_record();
  core::Result<bool> skip_damage(std::uint64_t end);

  const Wal* wal_;
  std::uint64_t place_;  // Of the next record.
  Position from_;
  std::shared_ptr<const Segment> segment_;
  std::optional<SegmentScan> scan_;
  BatchWalk walk_;            // Over the record before it.
  std::uint64_t record_ = 0;  // The place of that one.
  Position next_ = 0;         // The position of its next batch.
};

}  // namespace anabranch::storage
