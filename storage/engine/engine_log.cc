#include "storage/engine/engine_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/planted_bug.h"
#include "storage/damage.h"

namespace anabranch::storage {

using core::Bug;
using core::planted;

EngineLog::EngineLog(const StorageBelow& base, Wal& wal, Position trimmed)
    : base_(base), wal_(wal), trimmed_(trimmed) {}

std::optional<StoredRecord> EngineLog::read(Position position) const {
  std::unique_lock lock(mutex_);
  const Position from = std::max(position, trimmed_);
  lock.unlock();
  return read_from(from);
}

std::optional<StoredRecord> EngineLog::read_from(Position position) const {
  if (position <= base_.last_position()) {
    if (auto record = base_.read_log(position)) return record;
  }
  return read_wal(position);
}

std::optional<StoredRecord> EngineLog::read_wal(Position position) const {
  Reader reader = take_reader(position);
  const auto next = readable(reader.reader.next());
  std::optional<StoredRecord> record;
  if (next) {
    record = {next->position, next->batch.origin, next->batch.first, next->batch.last,
              std::string(next->batch.bytes)};
    reader.next = record->position + 1;
  }
  const std::lock_guard lock(mutex_);
  if (readers_.size() >= kReadersKept) readers_.erase(readers_.begin());
  readers_.push_back(std::move(reader));
  return record;
}

EngineLog::Reader EngineLog::take_reader(Position position) const {
  const std::lock_guard lock(mutex_);
  const auto kept = std::ranges::find(readers_, position, &Reader::next);
  if (kept == readers_.end()) return {position, wal_.read(position)};
  Reader reader = std::move(*kept);
  readers_.erase(kept);
  return reader;
}

std::optional<Position> EngineLog::find(core::Origin origin, core::Seq seq) const {
  std::unique_lock lock(mutex_);
  const Position from = trimmed_;
  lock.unlock();
  auto found = base_.find(origin, seq);
  if (!found) found = readable(wal_.find(origin, seq));
  if (!found || *found >= from) return found;
  // In a segment of which the first records count as trimmed.
  for (Position at = from;;) {
    const auto record = read_from(at);
    if (!record) return std::nullopt;
    if (record->origin == origin && record->last >= seq) return record->position;
    at = record->position + 1;
  }
}

core::Result<EngineLog::Trimmed> EngineLog::trim(Position position, Ticket floor) {
  Trimmed result;
  {
    const std::lock_guard lock(mutex_);
    const Position behind = wal_.last().position + 1;
    trimmed_ = std::max(trimmed_, std::min(position, behind));
    result.log = trimmed_;
    const bool is_held = !held_.empty() && !planted(Bug::kTrimHeld);
    result.base = is_held ? std::min(trimmed_, *held_.begin()) : trimmed_;
    readers_.clear();  // They hold segments that may go.
  }
  if (auto trimmed = wal_.trim(result.base, floor); !trimmed.ok()) return trimmed.failure();
  return result;
}

std::unique_ptr<EngineLog::Held> EngineLog::hold() const {
  const std::lock_guard lock(mutex_);
  held_.insert(trimmed_);
  return std::make_unique<Held>(*this, trimmed_);
}

void EngineLog::let_go(Position begin) const {
  const std::lock_guard lock(mutex_);
  held_.erase(held_.find(begin));
}

}  // namespace anabranch::storage
