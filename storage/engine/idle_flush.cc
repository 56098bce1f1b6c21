#include "storage/engine/idle_flush.h"

namespace anabranch::storage {

void IdleFlush::look(std::int64_t now_ms, const Log& log) {
  if (flushed_ != log.flushed) {
    flushed_ = log.flushed;
    flushed_ms_ = now_ms;
    oldest_ms_ = first_ms_ = std::nullopt;
  }
  if (batches_ != log.batches) {
    batches_ = log.batches;
    newest_ms_ = now_ms;
  }
  if (log.batches > log.flushed_batches) oldest_ms_ = oldest_ms_.value_or(now_ms);
  if (log.end > log.flushed) first_ms_ = first_ms_.value_or(now_ms);
}

bool IdleFlush::has_waited(std::int64_t now_ms, const Log& log) const {
  if (log.end <= log.flushed) return false;
  const auto since = [&](const Time& time, std::int64_t most) {
    return time && now_ms - *time >= most;
  };
  if (since(first_ms_, kDayMs)) return true;
  if (log.batches <= log.flushed_batches) return false;
  return since(newest_ms_, kRestMs) || since(oldest_ms_, kWaitMs);
}

bool IdleFlush::due(std::int64_t now_ms, const Log& log, bool read) {
  look(now_ms, log);
  if (!has_waited(now_ms, log)) return false;
  if (begun_ms_ && now_ms - *begun_ms_ < kPauseMs) return false;
  return !read || now_ms - *flushed_ms_ >= kPauseOfReaderMs;
}

}  // namespace anabranch::storage
