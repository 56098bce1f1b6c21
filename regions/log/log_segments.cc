#include "regions/log/log_segments.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/codec.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Millis;
using storage::Position;

namespace {

constexpr std::uint64_t kSegmentBytes = std::uint64_t{1} << 20U;

// Small compared with the limit, and not too many.
std::uint64_t segment_bytes(std::uint64_t bytes_max) {
  constexpr std::uint64_t kParts = 16;
  constexpr std::uint64_t kSegmentsMax = 4096;
  return std::max(std::min(kSegmentBytes, bytes_max / kParts), bytes_max / kSegmentsMax);
}

}  // namespace

LogSegments::LogSegments(LogLimits limits)
    : limits_(limits), segment_bytes_(segment_bytes(limits.bytes_max)) {}

// ---- Loading.

core::Result<void> LogSegments::read_row(std::string_view key, std::string_view value) {
  if (key.size() != sizeof(Position)) return core::corrupt("a segment of the log has a wrong key");
  core::Reader in(value);
  Segment segment{.first = storage::from_big_endian(key)};
  const std::size_t newer = in.array_of(2);
  segment.bytes_before = in.uint64();
  segment.begun_ms = in.int64();
  in.skip(newer);
  if (!in.done()) return in.failure();
  segments_.push_back(segment);
  return {};
}

core::Result<void> LogSegments::load(const storage::Snapshot& snapshot,
                                     const storage::Storage& log) {
  if (const auto ran = snapshot.get(storage::Table::kMeta, storage::kRunningKey)) {
    if (ran->size() != sizeof(std::uint64_t)) return core::corrupt("the running time is damaged");
    running_ms_ = static_cast<Millis>(storage::from_big_endian(*ran));
  }
  const std::string_view prefix = storage::kSegmentPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (auto done = read_row(cursor->key().substr(prefix.size()), cursor->value()); !done.ok()) {
      return done;
    }
  }
  const auto oldest = log.read_log(0);
  first_ = oldest ? oldest->position : log.last_position() + 1;
  next_ = segments_.empty() ? first_ : segments_.back().first;
  end_bytes_ = segments_.empty() ? 0 : segments_.back().bytes_before;
  if (!segments_.empty()) running_ms_ = std::max(running_ms_, segments_.back().begun_ms);
  for (auto record = log.read_log(next_); record; record = log.read_log(record->position + 1)) {
    count(record->position, record->bytes.size());
  }
  trimmed(first_);
  return {};
}

// ---- Growing.

void LogSegments::count(Position position, std::uint64_t bytes) {
  const bool full =
      segments_.empty() || end_bytes_ - segments_.back().bytes_before >= segment_bytes_;
  if (full) {
    segments_.push_back({position, end_bytes_, running_ms_});
    std::string value;
    core::Writer(value).array(2).uint64(end_bytes_).int64(running_ms_);
    changes_.put(storage::Table::kMeta, storage::segment_key(position), value);
  }
  end_bytes_ += bytes + kRecordBytes;
  next_ = position + 1;
  logged_ms_ = running_ms_;
}

void LogSegments::append(Position last, std::span<const storage::LogRecord> records,
                         std::uint64_t beside) {
  for (const storage::LogRecord& record : records) {
    count(++last, record.bytes.size() + std::exchange(beside, 0));
  }
}

// ---- Forgetting.

bool LogSegments::held(Position position) const {
  return std::ranges::any_of(holds_, [&](const auto& hold) { return hold.second < position; });
}

Position LogSegments::keep_from(Position lacked) const {
  Position from = first_;
  for (std::size_t i = 1; i < segments_.size(); ++i) {
    const Segment& next = segments_[i];  // Its begin is the time when the one before was complete.
    const bool too_many = end_bytes_ - bytes_before(from) > limits_.bytes_max;
    const bool had_or_old =
        next.first <= lacked || running_ms_ - next.begun_ms > limits_.age_ms_max;
    const bool enough_stays = end_bytes_ - next.bytes_before >= limits_.bytes_min;
    if (held(next.first) || !(too_many || (had_or_old && enough_stays))) break;
    from = next.first;
  }
  return from;
}

void LogSegments::trimmed(Position position) {
  first_ = position;
  storage::Changes removals;
  std::string last;
  while (segments_.size() > 1 && segments_[1].first <= position) {
    last = storage::segment_key(segments_.front().first);
    removals.remove(storage::Table::kMeta, last);
    segments_.pop_front();
  }
  if (removals.empty()) return;
  // Rows that are not written yet and need not be: keys are in the order of positions.
  changes_.erase_if([&](const auto& each) { return each.value && each.key <= last; });
  changes_.add(removals);
}

// ---- Figures.

LogSegments::Place LogSegments::place(Position position) const {
  if (position >= next_ || segments_.empty()) return {end_bytes_, running_ms_};
  const auto behind = std::ranges::upper_bound(segments_, position, {}, &Segment::first);
  if (behind == segments_.begin()) return {behind->bytes_before, behind->begun_ms};
  const Segment& segment = *std::prev(behind);
  const Segment end = behind == segments_.end() ? Segment{next_, end_bytes_, logged_ms_} : *behind;
  const auto part = static_cast<double>(position - segment.first) /
                    static_cast<double>(end.first - segment.first);
  const auto share = [&](auto from, auto to) {
    return from + static_cast<decltype(from)>(part * static_cast<double>(to - from));
  };
  return {share(segment.bytes_before, end.bytes_before), share(segment.begun_ms, end.begun_ms)};
}

std::uint64_t LogSegments::bytes_from(Position position) const {
  return end_bytes_ - bytes_before(std::max(position, first_));
}

Millis LogSegments::age_ms(Position position) const {
  return position >= next_ ? 0 : running_ms_ - place(std::max(position, first_)).logged_ms;
}

storage::Changes LogSegments::take_changes() { return std::exchange(changes_, {}); }

storage::Change LogSegments::running_time() const {
  return {storage::Table::kMeta, std::string(storage::kRunningKey),
          storage::big_endian(static_cast<std::uint64_t>(running_ms_))};
}

}  // namespace anabranch::regions
