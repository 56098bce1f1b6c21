#include "storage/wal/wal_reader.h"

#include <algorithm>

namespace anabranch::storage {

using core::Result;

Result<std::optional<PlacedBatch>> WalReader::next() {
  for (;;) {
    if (const auto batch = walk_.next()) {
      const Position position = next_++;
      if (position >= from_) return std::optional(PlacedBatch{position, *batch, record_});
      continue;
    }
    const auto more = read_record();
    if (!more.ok()) return more.failure();
    if (!more.value()) return std::optional<PlacedBatch>();
  }
}

Result<bool> WalReader::read_record() {
  const auto stretch = wal_->stretch_at(place_);
  if (!stretch) return false;
  if (stretch->segment != segment_) {
    segment_ = stretch->segment;
    scan_.emplace(*segment_);
    place_ = std::max(place_, segment_->start());
  }
  walk_ = BatchWalk();
  const auto read = scan_->at(place_, stretch->end);
  if (!read.ok()) return read.failure();
  const FoundRecord& found = read.value();
  if (!found.whole()) return skip_damage(stretch->end);
  walk_ = BatchWalk(found.header, found.body);
  record_ = place_;
  next_ = found.header.first;
  place_ = found.header.end();
  return true;
}

Result<bool> WalReader::skip_damage(std::uint64_t end) {
  const auto behind = scan_->behind_damage(place_, end);
  if (!behind.ok()) return behind.failure();
  place_ = behind.value();
  scan_.emplace(*segment_);  // It has read ahead over the end of the log.
  return true;
}

}  // namespace anabranch::storage
