#include "regions/out_stream.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

void OutStream::subscribe(const Subscribe& wanted, const storage::Storage& log) {
  if (wanted.stream <= id_) return;  // Late or repeated.
  id_ = wanted.stream;
  window_ = wanted.window;
  sent_ = taken_ = 0;
  cursor_ = log.last_position() + 1;
  wanted_.clear();
  trimmed_.clear();
  for (const auto& [origin, seq] : wanted.from) {
    wanted_[origin] = seq;
    cursor_ = std::min(cursor_, log.find(origin, seq).value_or(cursor_));
  }
}

void OutStream::acknowledge(const Ack& ack) {
  if (ack.stream == id_) taken_ = std::clamp(ack.taken, taken_, sent_);
}

void OutStream::pump(const storage::Storage& log, storage::Position end,
                     const std::function<void(BatchMessage)>& send) {
  while (!wanted_.empty() && cursor_ <= end && may_send(1)) {
    std::optional<storage::StoredRecord> record = log.read_log(cursor_);
    if (!record || record->position > end) return;
    if (wants(*record)) {
      if (!may_send(record->bytes.size())) return;
      wanted_[record->origin] = record->last + 1;
      sent_ += record->bytes.size();
      send({id_, std::move(record->bytes)});
    }
    cursor_ = record->position + 1;
  }
}

bool OutStream::may_send(std::size_t bytes) const {
  const std::uint64_t under_way = sent_ - taken_;
  return under_way == 0 || under_way + bytes <= window_;
}

bool OutStream::wants(const storage::StoredRecord& record) {
  const auto next = wanted_.find(record.origin);
  if (next == wanted_.end() || record.last < next->second) return false;
  if (record.first == next->second) return true;
  trimmed_.push_back(record.origin);
  wanted_.erase(next);
  return false;
}

}  // namespace anabranch::regions
