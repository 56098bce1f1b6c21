#include "regions/exchange/out_stream.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::planted;

std::uint64_t OutStream::subscribe(const Subscribe& wanted, const LogReader& log,
                                   const core::VersionVector& applied, bool leaving) {
  if (wanted.stream <= id_) {  // Late or repeated.
    mark<"an old subscription comes again">();
    return 0;
  }
  const bool asks_again = leaving && alone_ && wanted.from.at(alone_->origin) == alone_->first;
  const bool keeps = asks_again && kept_ < kKeptMax;
  if (keeps) {
    mark<"a stream begins behind the body that is on its way">();
    ++kept_;
  } else {
    alone_.reset();
    kept_ = 0;
  }
  id_ = wanted.stream;
  window_ = wanted.window;
  if (!planted(Bug::kStaleWindow)) sent_ = taken_ = 0;
  cursor_ = log.last_position() + 1;
  wanted_.clear();
  trimmed_ = {};
  ended_ = wanted.ended;
  had_ = applied;
  had_until_ = log.last_position();
  std::uint64_t read = 0;
  for (const auto& [origin, seq] : wanted.from) {
    const bool behind = keeps && origin == alone_->origin;
    read += serve(origin, behind ? alone_->last + 1 : seq, log, applied.at(origin));
  }
  return read;
}

// Of what was merged from a snapshot the log has nothing, though it has what was applied before and
// afterwards.
std::uint64_t OutStream::serve(core::Origin origin, core::Seq from, const LogReader& log,
                               core::Seq applied) {
  if (from > applied) {
    wanted_[origin] = from;
    return 0;
  }
  const std::optional<storage::Position> position = log.find(origin, from);
  const auto record = position ? log.read_log(*position) : std::nullopt;
  if (record && record->first <= from) {
    wanted_[origin] = from;
    cursor_ = std::min(cursor_, *position);
  } else {
    trimmed_.set(origin, record ? record->first : applied + 1);
  }
  return record ? record->bytes.size() : 0;
}

void OutStream::acknowledge(const Ack& ack) {
  if (ack.stream == id_) taken_ = std::clamp(ack.taken, taken_, sent_);
}

bool OutStream::tell(core::Origin origin, core::Seq seq, core::Millis now) {
  if (now - told_ms_ >= kTellMs) {
    told_ = {};
    told_ms_ = now;
  }
  if (told_.at(origin) >= seq) return false;
  told_.set(origin, seq);
  return true;
}

namespace {

// The next record if one origin is served after the other: a bug to be planted.
std::optional<storage::StoredRecord> next_by_origin(const std::map<core::Origin, core::Seq>& wanted,
                                                    const LogReader& log, storage::Position end) {
  for (const auto& [origin, seq] : wanted) {
    const std::optional<storage::Position> position = log.find(origin, seq);
    if (position && *position <= end) return log.read_log(*position);
  }
  return std::nullopt;
}

}  // namespace

void OutStream::pump(const LogReader& log, storage::Position end,
                     const core::VersionVector& applied,
                     const std::function<void(BatchMessage)>& send, const Room& room) {
  send_wanted(log, end, applied, send, room);
  if (cursor_ > had_until_) find_ends();
}

bool OutStream::waits(const Room& room) const {
  if (cursor_ != large_at_) return false;
  return !may_send(large_bytes_) || (room && !room(large_bytes_));
}

void OutStream::send_wanted(const LogReader& log, storage::Position end,
                            const core::VersionVector& applied,
                            const std::function<void(BatchMessage)>& send, const Room& room) {
  while (!wanted_.empty() && cursor_ <= end && may_send(1) && !waits(room)) {
    const bool by_origin = planted(Bug::kServeByOrigin);
    auto record = by_origin ? next_by_origin(wanted_, log, end) : log.read_log(cursor_);
    if (by_origin && !record) return;
    if (!by_origin && log.lacks(cursor_, record ? record->position : end + 1)) {
      mark<"a log lacks a record in the middle">();
      has_gap(log, applied);
    } else if (record && record->position > cursor_) {
      mark<"a stream passes a hole of the log">();
    }
    if (!record || record->position > end) {
      cursor_ = end + 1;
      return;
    }
    if (wants(*record)) {
      if (too_new(*record, log.durable_position())) {
        mark<"what has ended waits for the disk">();
        return;
      }
      const std::uint64_t size = record->bytes.size();
      if (!may_send(size) || (room && !room(size))) {
        mark<"a window is full">();
        if (by_origin) return;
        cursor_ = large_at_ = record->position;
        large_bytes_ = size;
        return;
      }
      if (size > window_) mark<"a batch larger than the window goes alone">();
      wanted_[record->origin] = record->last + 1;
      const bool first = sent_ == 0 && kept_ == 0;
      alone_ =
          first ? std::optional(Alone{record->origin, record->first, record->last}) : std::nullopt;
      sent_ += size;
      ops_sent_ += record->last - record->first + 1;
      std::string signature = log.signature_before(*record);
      send({id_, std::move(record->bytes), std::move(signature)});
    }
    if (!by_origin) cursor_ = record->position + 1;
  }
}

// The following batches were merged from a snapshot. The last batches before them are useless
// without those: perhaps only the following ones prove them.
void OutStream::find_ends() {
  for (const auto& [origin, seq] : std::exchange(had_, {})) {
    const auto next = wanted_.find(origin);
    if (next == wanted_.end() || next->second > seq) continue;
    mark<"a log ends before what was merged">();
    trimmed_.set(origin, seq + 1);
    wanted_.erase(next);
  }
}

bool OutStream::too_new(const storage::StoredRecord& record, storage::Position durable) const {
  return record.position > durable && std::ranges::binary_search(ended_, record.origin);
}

bool OutStream::may_send(std::size_t bytes) const {
  const std::uint64_t under_way = sent_ - taken_;
  return under_way == 0 || under_way + bytes <= window_;
}

bool OutStream::wants(const storage::StoredRecord& record) {
  const auto next = wanted_.find(record.origin);
  if (next == wanted_.end() || record.last < next->second) return false;
  if (record.first == next->second) return true;
  trimmed_.set(record.origin, record.first > next->second ? record.first : record.last + 1);
  wanted_.erase(next);
  return false;
}

}  // namespace anabranch::regions
