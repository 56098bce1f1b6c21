#include "leader/watch/log_cursor.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "regions/state/applied.h"

namespace anabranch::leader {

// Jumps and position are read first: what is committed meanwhile is looked at once more.
LogCursor LogCursor::now(const LogSource& source) {
  LogCursor cursor;
  cursor.jumps_ = source.names.vectors().jumps();
  cursor.position_ = source.storage.last_position() + 1;
  auto applied = regions::Applied::load(*source.storage.snapshot());
  cursor.seen_ = std::move(applied).value_or_raise().vector();
  return cursor;
}

std::optional<LogCursor> LogCursor::behind(const LogSource& source, core::VersionVector seen,
                                           storage::Position end) {
  LogCursor cursor = now(source);
  const core::VersionVector applied = std::exchange(cursor.seen_, std::move(seen));
  cursor.position_ = std::min(cursor.position_, end);
  for (const auto& [origin, seq] : applied) {
    const core::Seq next = cursor.seen_.at(origin) + 1;
    if (next > seq) continue;
    const auto found = source.log.find(origin, next);
    const auto record = found ? source.log.read_log(*found) : std::nullopt;
    if (!record || record->origin != origin || record->first > next) return std::nullopt;
    cursor.position_ = std::min(cursor.position_, *found);
  }
  return cursor;
}

bool LogCursor::lost(const LogSource& source) const {
  return gap_ || source.names.vectors().jumps() != jumps_;
}

LogCursor::Found LogCursor::next(const LogSource& source, storage::Position end,
                                 core::Batch& batch) {
  if (lost(source)) return Found::kLost;
  while (position_ < end) {
    const storage::Position last = source.storage.last_position();
    const auto record = source.log.read_log(position_);
    // Trimmed before this came to it, or damaged; whose they were is not known any more.
    const storage::Position found = record ? record->position : std::max(position_, last + 1);
    gap_ = source.log.lacks(position_, found);
    if (gap_) return Found::kLost;
    position_ = std::min(found, end);  // Over a hole.
    if (!record || found >= end) return Found::kEnd;
    ++position_;
    const core::Seq seen = seen_.at(record->origin);
    if (record->last <= seen) continue;
    gap_ = record->first > seen + 1;  // Merged.
    if (gap_) return Found::kLost;
    auto decoded = core::decode_batch(record->bytes);
    if (!decoded.ok()) {
      core::log_error(source.region,
                      "record " + std::to_string(record->position) +
                          " of the log cannot be told to watches: " + decoded.failure().message);
      gap_ = true;
      return Found::kLost;
    }
    batch = std::move(decoded).value();
    seen_.set(record->origin, record->last);
    return Found::kBatch;
  }
  return Found::kEnd;
}

}  // namespace anabranch::leader
