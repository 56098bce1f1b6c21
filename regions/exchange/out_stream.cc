#include "regions/exchange/out_stream.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::planted;

// The records and searches of one call.
class OutStream::Slice {
 public:
  explicit Slice(std::uint64_t bytes) : bytes_(bytes) {}

  // Counts so many bytes; returns whether there is room for more.
  bool take(std::uint64_t bytes) {
    taken_ += bytes;
    return taken_ < bytes_;
  }
  // Notes that a wanted batch was met.
  void met_wanted() { wanted_ = true; }
  [[nodiscard]] bool has_met_wanted() const { return wanted_; }

 private:
  const std::uint64_t bytes_;
  std::uint64_t taken_ = 0;
  bool wanted_ = false;
};

void OutStream::subscribe(const Subscribe& wanted, const LogReader& log,
                          const core::VersionVector& applied, bool leaving) {
  if (wanted.stream <= id_) {  // Late or repeated.
    mark<"an old subscription comes again">();
    return;
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
  sought_.clear();
  trimmed_ = {};
  ended_ = wanted.ended;
  had_ = applied;
  had_until_ = log.last_position();
  for (const auto& [origin, seq] : wanted.from) sought_.emplace(origin, seq);
  if (keeps) sought_[alone_->origin] = alone_->last + 1;
  Slice slice(slice_bytes_);
  search(log, applied, slice);
}

void OutStream::search(const LogReader& log, const core::VersionVector& applied, Slice& slice) {
  bool has_room = true;
  while (!sought_.empty() && has_room) {
    const auto [origin, seq] = *sought_.begin();
    sought_.erase(sought_.begin());
    has_room = slice.take(serve(origin, seq, log, applied.at(origin)));
  }
  goes_on_ = !sought_.empty();
  if (goes_on_) mark<"a stream of many origins begins in slices">();
}

void OutStream::seek_again(const LogReader& log) {
  mark<"a stream searches the log anew">();
  sought_ = std::exchange(wanted_, {});
  cursor_ = log.last_position() + 1;
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
  const std::uint64_t read = record ? record->bytes.size() : 0;
  read_ += read;
  return kSearchBytes + read;
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
  Slice slice(slice_bytes_);
  search(log, applied, slice);
  if (!goes_on_) walk(log, end, applied, send, room, slice);
  if (!goes_on_ && cursor_ > had_until_) find_ends();
}

bool OutStream::waits(const Room& room) const {
  if (cursor_ != large_at_) return false;
  return !may_send(large_bytes_) || (room && !room(large_bytes_));
}

void OutStream::walk(const LogReader& log, storage::Position end,
                     const core::VersionVector& applied,
                     const std::function<void(BatchMessage)>& send, const Room& room,
                     Slice& slice) {
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
    const std::uint64_t size = record->bytes.size();
    read_ += size;
    const bool has_room = slice.take(size + kRecordBytes);
    if (wants(*record)) {
      slice.met_wanted();
      if (too_new(*record, log.durable_position())) {
        mark<"what has ended waits for the disk">();
        return;
      }
      if (!may_send(size) || (room && !room(size))) {
        mark<"a window is full">();
        if (by_origin) return;
        cursor_ = large_at_ = record->position;
        large_bytes_ = size;
        return;
      }
      send_next(*record, log, send);
    }
    if (!by_origin) cursor_ = record->position + 1;
    if (!has_room) {
      goes_on_ = true;
      if (!slice.has_met_wanted() && wanted_.size() <= kSoughtAgainMax) seek_again(log);
      return;
    }
  }
}

void OutStream::send_next(storage::StoredRecord& record, const LogReader& log,
                          const std::function<void(BatchMessage)>& send) {
  const std::uint64_t size = record.bytes.size();
  if (size > window_) mark<"a batch larger than the window goes alone">();
  wanted_[record.origin] = record.last + 1;
  const bool first = sent_ == 0 && kept_ == 0;
  alone_ = first ? std::optional(Alone{record.origin, record.first, record.last}) : std::nullopt;
  sent_ += size;
  ops_sent_ += record.last - record.first + 1;
  std::string signature = log.signature_before(record);
  send({id_, std::move(record.bytes), std::move(signature)});
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
