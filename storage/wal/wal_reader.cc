#include "storage/wal/wal_reader.h"

#include <algorithm>

namespace anabranch::storage {

using core::Result;

Result<std::optional<PlacedBatch>> WalReader::next() {
  for (;;) {
    if (const auto batch = walk_.next()) {
      const Position position = next_++;
      if (position >= from_) return std::optional(PlacedBatch{position, *batch, record_, sound_});
      continue;
    }
    if (next_ < behind_) {
      const Position position = next_++;
      if (position >= from_)
        return std::optional(PlacedBatch{position, LogRecord{}, record_, false});
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
  record_ = place_;
  sound_ = found.sound();
  if (!found.whole()) {
    if (auto passed = pass_over(stretch->end); !passed.ok()) return passed.failure();
    return true;
  }
  walk_ = BatchWalk(found.header, found.body);
  next_ = found.header.first;
  behind_ = found.header.next_position();
  place_ = found.header.end();
  return true;
}

Result<void> WalReader::pass_over(std::uint64_t end) {
  next_ = std::max(next_, from_);
  const auto behind = scan_->behind_damage(place_, end);
  if (!behind.ok()) return behind.failure();
  place_ = behind.value();
  if (place_ < end) {
    const auto found = scan_->at(place_, end);
    if (!found.ok()) return found.failure();
    behind_ = found.value().header.first;
    return {};
  }
  const auto next = wal_->stretch_at(end);
  behind_ = next ? next->segment->header.first : wal_->last().position + 1;
  scan_.emplace(*segment_);  // It has read ahead over the end of the log.
  return {};
}

}  // namespace anabranch::storage
